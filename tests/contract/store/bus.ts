import assert from "node:assert/strict";
import type { AccountNotice, ChangeNotice } from "../../../src/store/mod.ts";
import { accept, again, ALL, append, type ContractCase, mailboxOf, queueEntry, rowsOf } from "./harness.ts";

export const busCases: readonly ContractCase[] = [
  {
    name: "every change of a mailbox is told, with its modseq",
    async run({ store, account, inbox }) {
      const notices: ChangeNotice[] = [];
      const stop = store.bus.watchMailbox(inbox.id, (notice) => notices.push(notice));
      const archive = await mailboxOf(store, account, "Archive");
      const steps = [
        () => append(store, inbox),
        () => accept(store, { id: "n", local: [{ account }] }),
        () => store.messages.setFlags(inbox.id, ALL, { kind: "add", flags: ["\\Seen"] }),
        () => store.messages.copy(inbox.id, [[1, 1]], inbox.id),
        () => store.messages.move(inbox.id, [[1, 1]], archive.id),
        () => store.messages.expunge(inbox.id, [[2, 2]], { any: true }),
      ];
      for (const [place, step] of steps.entries()) {
        await step();
        assert.equal(notices.length, place + 1);
        assert.deepEqual(notices.at(-1), {
          mailboxId: inbox.id,
          highestModseq: (await again(store, inbox)).highestModseq,
        });
      }
      await store.messages.setFlags(inbox.id, ALL, { kind: "add", flags: ["\\Seen"] });
      stop();
      stop();
      await append(store, inbox);
      assert.equal(notices.length, steps.length);
    },
  },
  {
    name: "who is told can read what was changed",
    async run({ store, inbox }) {
      const seen = Promise.withResolvers<number>();
      const stop = store.bus.watchMailbox(inbox.id, () => {
        rowsOf(store, inbox).then((rows) => seen.resolve(rows.length), seen.reject);
      });
      await append(store, inbox);
      assert.equal(await seen.promise, 1);
      stop();
    },
  },
  {
    name: "the end of a mailbox is told",
    async run({ store, account }) {
      const mailbox = await store.mailboxes.create(account, "ending");
      const notices: number[] = [];
      const stop = store.bus.watchMailbox(mailbox.id, (notice) => notices.push(notice.highestModseq));
      await store.mailboxes.remove(account, "ending");
      assert.equal(notices.length, 1);
      assert.ok(notices[0]! > mailbox.highestModseq);
      stop();
    },
  },
  {
    name: "what becomes of an account's mailboxes is told, and to nobody else",
    async run({ store, account }) {
      const notices: AccountNotice[] = [];
      const stop = store.bus.watchAccount(account, (notice) => notices.push(notice));
      const others: AccountNotice[] = [];
      const stopOther = store.bus.watchAccount("somebody@example.org", (notice) => others.push(notice));
      const { id } = await store.mailboxes.create(account, "told");
      await store.mailboxes.subscribe(account.toUpperCase(), "told", true);
      await store.mailboxes.rename(account, "told", "renamed");
      const scope = { account, mailboxId: id };
      const value = new Uint8Array([1]);
      await store.annotations.set(scope, [{ entry: "/private/comment", value }], { count: 10, bytes: 1000 });
      await store.mailboxes.remove(account, "renamed");
      await accept(store, { id: "told", local: [{ account, mailbox: "made" }] });
      await accept(store, { id: "inbox", local: [{ account }] });
      await assert.rejects(store.mailboxes.remove(account, "renamed"));
      assert.deepEqual(notices.map(({ what }) => what), [
        "mailboxes",
        "subscriptions",
        "mailboxes",
        "annotations",
        "mailboxes",
        "mailboxes",
      ]);
      assert.deepEqual(notices[3], {
        account,
        what: "annotations",
        mailboxId: id,
        entries: ["/private/comment"],
      });
      assert.deepEqual(others, []);
      stop();
      stopOther();
      await store.mailboxes.create(account, "untold");
      assert.equal(notices.length, 6);
    },
  },
  {
    name: "who is given rights, or loses them, is told, and so is anyone",
    async run({ store, inbox, account }) {
      const told: string[] = [];
      const stops = [account, "bob@example.org", "anyone"].map((name) =>
        store.bus.watchAccount(name, ({ what }) => told.push(`${name} ${what}`))
      );
      await store.acl.set(inbox.id, { identifier: "Bob@example.org", rights: "lr" });
      await store.acl.set(inbox.id, { identifier: "-bob@example.org", rights: "r" });
      await store.acl.set(inbox.id, { identifier: "anyone", rights: "" });
      assert.deepEqual(told, ["bob@example.org mailboxes", "bob@example.org mailboxes", "anyone mailboxes"]);
      for (const stop of stops) stop();
    },
  },
  {
    name: "shared annotations that another sets are told to the owner, too, and nothing else of them",
    async run({ store, inbox, account }) {
      await store.accounts.ensure("bob@example.org");
      const told: AccountNotice[] = [];
      const stop = store.bus.watchAccount(account, (notice) => told.push(notice));
      const scope = { account: "bob@example.org", mailboxId: inbox.id };
      const value = new Uint8Array([1]);
      const limits = { count: 10, bytes: 1000 };
      await store.annotations.set(scope, [{ entry: "/private/comment", value }], limits);
      assert.deepEqual(told, []);
      const changes = [{ entry: "/private/comment", value }, { entry: "/shared/comment", value }];
      await store.annotations.set(scope, changes, limits);
      assert.deepEqual(told, [{
        account,
        what: "annotations",
        mailboxId: inbox.id,
        entries: ["/shared/comment"],
        by: "bob@example.org",
      }]);
      stop();
    },
  },
  {
    name: "a listener that throws harms nobody",
    async run({ store, inbox }) {
      let calls = 0;
      const stops = [
        store.bus.watchMailbox(inbox.id, () => {
          throw new Error("A broken listener");
        }),
        store.bus.watchMailbox(inbox.id, () => calls++),
      ];
      await append(store, inbox);
      await append(store, inbox);
      assert.equal(calls, 2);
      for (const stop of stops) stop();
    },
  },
  {
    name: "the spool is told of what is put in and of what comes due by command",
    async run({ store, account }) {
      let calls = 0;
      const stop = store.bus.watchSpool(() => calls++);
      await accept(store, { id: "w1", local: [{ account }] });
      assert.equal(calls, 0);
      await accept(store, { id: "w2", queued: queueEntry(["a@one.example"]) });
      assert.equal(calls, 1);
      await store.spool.flush({}, 1);
      assert.equal(calls, 2);
      await store.spool.hold({}, true);
      assert.equal(calls, 2);
      await store.spool.hold({}, false);
      assert.equal(calls, 3);
      await store.spool.flush({ id: "none" }, 1);
      assert.equal(calls, 3);
      stop();
    },
  },
];
