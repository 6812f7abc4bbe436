import assert from "node:assert/strict";
import { accept, append, bytesOf, type ContractCase, mailboxOf, rowsOf } from "./harness.ts";

export const accountCases: readonly ContractCase[] = [
  {
    name: "a new account has its mailboxes, all subscribed",
    async run({ store, account }) {
      const mailboxes = await store.mailboxes.list(account);
      assert.deepEqual(mailboxes.map(({ name, role }) => [name, role]), [
        ["INBOX", "inbox"],
        ["Archive", "archive"],
        ["Drafts", "drafts"],
        ["Junk", "junk"],
        ["Sent", "sent"],
        ["Trash", "trash"],
      ]);
      assert.deepEqual(
        await store.mailboxes.subscriptions(account),
        mailboxes.map((mailbox) => mailbox.name),
      );
      assert.ok(mailboxes.every((mailbox) => mailbox.account === account && mailbox.uidNext === 1));
    },
  },
  {
    name: "ensure leaves an account that is there as it is",
    async run({ store, account }) {
      const before = await store.mailboxes.list(account);
      await store.accounts.ensure(account);
      await store.accounts.ensure(account.toUpperCase());
      assert.deepEqual(await store.mailboxes.list(account), before);
    },
  },
  {
    name: "a credential is set, read and taken away",
    async run({ store, account }) {
      assert.equal(await store.accounts.credential(account), null);
      await store.accounts.setCredential(account, "$scrypt$x");
      assert.equal(await store.accounts.credential(account.toUpperCase()), "$scrypt$x");
      await store.accounts.setCredential(account, null);
      assert.equal(await store.accounts.credential(account), null);
      assert.equal(await store.accounts.credential("nobody@example.com"), null);
    },
  },
  {
    name: "setting a credential makes the account",
    async run({ store }) {
      await store.accounts.setCredential("made@example.com", "hash");
      assert.equal((await store.mailboxes.list("made@example.com")).length, 6);
    },
  },
  {
    name: "accounts are listed with their figures",
    async run({ store, account, inbox, clock }) {
      await append(store, inbox, { content: "12345" });
      await append(store, await mailboxOf(store, account, "Sent"), { content: "123" });
      await store.accounts.setCredential(account, "hash");
      const rows = await store.accounts.list();
      assert.deepEqual(rows.find((row) => row.account === account), {
        account,
        hasCredential: true,
        messages: 2,
        bytes: 8,
        createdAt: clock.now(),
      });
      assert.deepEqual(rows.map((row) => row.account), rows.map((row) => row.account).toSorted());
    },
  },
  {
    name: "a removed account takes its mail along, and may come again",
    async run({ store, account, inbox }) {
      await append(store, inbox);
      const [row] = await rowsOf(store, inbox);
      assert.equal(await store.accounts.remove(account), true);
      assert.equal(await store.accounts.remove(account), false);
      assert.deepEqual(await store.mailboxes.list(account), []);
      assert.equal(await store.mailboxes.byId(inbox.id), null);
      assert.equal(await store.messages.open(inbox.id), null);
      assert.deepEqual(await rowsOf(store, inbox), []);
      assert.ok(!(await store.accounts.list()).some((known) => known.account === account));
      await store.accounts.ensure(account);
      const anew = await mailboxOf(store, account, "INBOX");
      assert.notEqual(anew.id, inbox.id);
      assert.ok(anew.uidValidity > inbox.uidValidity);
      assert.equal(anew.messages, 0);
      assert.ok(row !== undefined);
    },
  },
  {
    name: "a body that a removed account shared stays with the other",
    async run({ store, account }) {
      const other = `other-${account}`;
      await accept(store, { id: "shared", local: [{ account }, { account: other }], content: "shared" });
      const [row] = await rowsOf(store, await mailboxOf(store, other, "INBOX"));
      await store.accounts.remove(account);
      assert.equal((await bytesOf(store, row!.bodyId)).length, 6);
    },
  },
];
