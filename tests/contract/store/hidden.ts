import assert from "node:assert/strict";
import { ALL, append, type ContractCase, mailboxOf, rowsOf, textOf } from "./harness.ts";

const DAY = 86_400_000;

export const hiddenCases: readonly ContractCase[] = [
  {
    name: "what was expunged comes back: a new UID, its flags without \\Deleted, its date, its bytes",
    async run({ store, account, inbox }) {
      const content = "From: Bob <bob@foreign.test>\r\nSubject: Gone\r\n\r\nText.\r\n";
      const flags = ["\\Seen", "\\Deleted", "$Work"];
      const uid = await append(store, inbox, { content, flags, internalDate: 1_234_567_890_123 });
      await append(store, inbox);
      await store.messages.expunge(inbox.id, [[uid, uid]]);
      const [hidden, ...more] = await store.hidden.list(account);
      assert.deepEqual(more, []);
      assert.deepEqual(
        [hidden!.mailbox, hidden!.subject, hidden!.from, hidden!.size, hidden!.internalDate],
        ["INBOX", "Gone", "bob@foreign.test", content.length, 1_234_567_890_123],
      );
      assert.deepEqual(await store.hidden.restore(account), [
        { mailbox: "INBOX", messages: 1, bytes: content.length },
      ]);
      const row = (await rowsOf(store, inbox)).at(-1)!;
      assert.deepEqual([row.uid, row.flags, row.internalDate], [3, ["\\Seen", "$Work"], 1_234_567_890_123]);
      assert.equal(await textOf(store, row.bodyId), content);
      assert.deepEqual(await store.hidden.list(account), []);
      assert.deepEqual(await store.hidden.restore(account), []);
      const { messages, unseen, deleted } = await mailboxOf(store, account, "INBOX");
      assert.deepEqual([messages, unseen, deleted], [2, 1, 0]);
      assert.equal((await store.accounts.usage(account)).messages, 2);
    },
  },
  {
    name:
      "what lay in a removed mailbox comes back to Recovered, which is subscribed, or to a new one of its name",
    async run({ store, account }) {
      for (const name of ["Lost", "Again"]) {
        const mailbox = await store.mailboxes.create(account, name);
        await append(store, mailbox, { content: `Subject: ${name}\r\n\r\n` });
        await store.mailboxes.remove(account, name);
      }
      await store.mailboxes.create(account, "Again");
      const told: string[] = [];
      const stop = store.bus.watchAccount(account, ({ what }) => told.push(what));
      const restored = await store.hidden.restore(account);
      stop();
      assert.deepEqual(restored.map(({ mailbox, messages }) => `${mailbox} ${messages}`).sort(), [
        "Again 1",
        "Recovered 1",
      ]);
      assert.deepEqual(told, ["mailboxes"]);
      assert.ok((await store.mailboxes.subscriptions(account)).includes("Recovered"));
      assert.equal((await rowsOf(store, await mailboxOf(store, account, "Recovered"))).length, 1);
    },
  },
  {
    name: "what lay in a mailbox that was renamed, or stood below one, comes back to it",
    async run({ store, account }) {
      for (const name of ["Old", "Old/Below", "Gone"]) {
        const mailbox = await store.mailboxes.create(account, name);
        await append(store, mailbox, { content: `Subject: ${name}\r\n\r\n` });
        await store.messages.expunge(mailbox.id, ALL, { any: true });
      }
      await store.mailboxes.rename(account, "Old", "Between");
      await store.mailboxes.rename(account, "Between", "New");
      await store.mailboxes.rename(account, "Gone", "Away");
      await store.mailboxes.remove(account, "Away");
      const restored = await store.hidden.restore(account);
      assert.deepEqual(restored.map(({ mailbox, messages }) => `${mailbox} ${messages}`).sort(), [
        "New 1",
        "New/Below 1",
        "Recovered 1",
      ]);
    },
  },
  {
    name: "since when, from which mailbox, and page by page",
    async run({ store, account, inbox, clock }) {
      const trash = await mailboxOf(store, account, "Trash");
      for (const mailbox of [inbox, trash, inbox]) {
        await append(store, mailbox, { content: `Subject: at ${clock.now()}\r\n\r\n` });
        await store.messages.expunge(mailbox.id, ALL, { any: true });
        await clock.advance(1000);
      }
      const all = await store.hidden.list(account);
      assert.deepEqual(all.map(({ mailbox }) => mailbox), ["INBOX", "Trash", "INBOX"]);
      const [, second, third] = all;
      assert.deepEqual(await store.hidden.list(account, {}, { after: second!.id }), [third]);
      assert.deepEqual(await store.hidden.list(account, {}, { limit: 2 }), all.slice(0, 2));
      assert.deepEqual(await store.hidden.list(account, { since: third!.expungedAt }), [third]);
      assert.deepEqual(await store.hidden.list(account, { mailbox: "Trash" }), [second]);
      assert.deepEqual(await store.hidden.list("nobody@example.com"), []);
      const since = second!.expungedAt;
      const restored = await store.hidden.restore(account, { since, mailbox: "inbox" });
      assert.deepEqual(restored.map(({ mailbox, messages }) => [mailbox, messages]), [["INBOX", 1]]);
      assert.deepEqual((await store.hidden.list(account)).length, 2);
    },
  },
  {
    name: "many come back, in their order",
    async run({ store, account, inbox }) {
      const count = 1200;
      const uid = await append(store, inbox, { content: "Subject: one\r\n\r\n" });
      for (let have = 1; have < count; have *= 2) {
        await store.messages.copy(inbox.id, [[uid, uid + Math.min(have, count - have) - 1]], inbox.id);
      }
      await store.messages.expunge(inbox.id, ALL, { any: true });
      assert.deepEqual((await store.hidden.restore(account)).map(({ messages }) => messages), [count]);
      assert.equal((await mailboxOf(store, account, "INBOX")).messages, count);
    },
  },
  {
    name: "what was moved was not deleted; and an account that is removed takes all along",
    async run({ store, account, inbox }) {
      const trash = await mailboxOf(store, account, "Trash");
      await append(store, inbox);
      await store.messages.move(inbox.id, ALL, trash.id);
      assert.deepEqual(await store.hidden.list(account), []);
      await store.messages.expunge(trash.id, ALL, { any: true });
      await store.accounts.remove(account);
      await store.accounts.ensure(account);
      assert.deepEqual(await store.hidden.list(account), []);
      assert.deepEqual(await store.hidden.restore(account), []);
    },
  },
  {
    name: "after its time it is gone for good",
    async run({ store, account, inbox, clock }) {
      await append(store, inbox);
      await store.messages.expunge(inbox.id, ALL, { any: true });
      await clock.advance(8 * DAY);
      // Whatever begins, begins a round of clearing up too.
      for (let i = 0; i < 100 && (await store.hidden.list(account)).length > 0; i++);
      assert.deepEqual(await store.hidden.list(account), []);
    },
  },
];
