import assert from "node:assert/strict";
import { Refusal } from "../../../src/core/errors.ts";
import { MOST_ACL_ENTRIES } from "../../../src/store/acl.ts";
import { NoSuchMailbox } from "../../../src/store/errors.ts";
import { again, type ContractCase, mailboxOf } from "./harness.ts";

export const aclCases: readonly ContractCase[] = [
  {
    name: "rights are kept by identifier, replaced, and removed when empty (RFC 4314 section 3.1)",
    async run({ store, inbox }) {
      assert.deepEqual(await store.acl.get(inbox.id), []);
      await store.acl.set(inbox.id, { identifier: "bob@example.com", rights: "lr" });
      await store.acl.set(inbox.id, { identifier: "anyone", rights: "l" });
      await store.acl.set(inbox.id, { identifier: "-Bob@example.com", rights: "w" });
      await store.acl.set(inbox.id, { identifier: "bob@example.com", rights: "lrs" });
      assert.deepEqual(await store.acl.get(inbox.id), [
        { identifier: "-bob@example.com", rights: "w" },
        { identifier: "anyone", rights: "l" },
        { identifier: "bob@example.com", rights: "lrs" },
      ]);
      await store.acl.set(inbox.id, { identifier: "anyone", rights: "" });
      await store.acl.set(inbox.id, { identifier: "nobody", rights: "" });
      assert.equal((await store.acl.get(inbox.id)).length, 2);
      assert.deepEqual(await store.acl.get(99_999_999), []);
      const entry = { identifier: "x", rights: "l" };
      await assert.rejects(() => store.acl.set(99_999_999, entry), NoSuchMailbox);
    },
  },
  {
    name: "what is shared is found by identifiers, of others only, in order",
    async run({ store, account }) {
      const owners = [`b-${account}`, `a-${account}`];
      for (const owner of owners) {
        await store.accounts.ensure(owner);
        for (const name of ["INBOX", "Archive", "Sent"]) {
          const mailbox = await mailboxOf(store, owner, name);
          await store.acl.set(mailbox.id, { identifier: account, rights: "lr" });
          await store.acl.set(mailbox.id, { identifier: `someone-${account}`, rights: "lrs" });
        }
      }
      const own = await mailboxOf(store, account, "Archive");
      await store.acl.set(own.id, { identifier: account, rights: "l" });
      const theirs = await mailboxOf(store, owners[0]!, "Archive");
      await store.acl.set(theirs.id, { identifier: `-${account}`, rights: "r" });
      const found = await store.acl.sharedWith(account, [account, `-${account}`]);
      assert.deepEqual(
        found.map(({ mailbox }) => `${mailbox.account[0]} ${mailbox.name}`),
        ["a INBOX", "a Archive", "a Sent", "b INBOX", "b Archive", "b Sent"],
      );
      const shared = found.find(({ mailbox }) => mailbox.id === theirs.id);
      assert.deepEqual(shared, {
        mailbox: await again(store, theirs),
        entries: [{ identifier: `-${account}`, rights: "r" }, { identifier: account, rights: "lr" }],
      });
      await store.mailboxes.remove(owners[0]!, "Archive");
      await store.accounts.remove(owners[1]!);
      const left = await store.acl.sharedWith(account, [account]);
      assert.deepEqual(left.map(({ mailbox }) => mailbox.name), ["INBOX", "Sent"]);
      assert.deepEqual(await store.acl.sharedWith(account, []), []);
    },
  },
  {
    name: "a mailbox takes its rights along when it is renamed; INBOX keeps them; they go with it",
    async run({ store, account, inbox }) {
      const made = await store.mailboxes.create(account, "shared");
      const entry = { identifier: "carol@example.com", rights: "lr" };
      for (const { id } of [made, inbox]) await store.acl.set(id, entry);
      await store.mailboxes.rename(account, "shared", "moved");
      await store.mailboxes.rename(account, "INBOX", "old mail");
      assert.deepEqual(await store.acl.get(made.id), [entry]);
      assert.deepEqual(await store.acl.get(inbox.id), [entry]);
      assert.deepEqual(await store.acl.get((await mailboxOf(store, account, "old mail")).id), []);
      await store.mailboxes.remove(account, "moved");
      assert.deepEqual(await store.acl.get(made.id), []);
      const next = await store.mailboxes.create(account, "moved");
      assert.deepEqual(await store.acl.get(next.id), []);
    },
  },
  {
    name: "an account that goes takes what others let it do",
    async run({ store, account, inbox }) {
      const guest = `guest-${account}`;
      await store.accounts.ensure(guest);
      await store.acl.set(inbox.id, { identifier: guest, rights: "lrs" });
      await store.acl.set(inbox.id, { identifier: `-${guest}`, rights: "t" });
      await store.acl.set(inbox.id, { identifier: "anyone", rights: "l" });
      await store.accounts.remove(guest);
      assert.deepEqual(await store.acl.get(inbox.id), [{ identifier: "anyone", rights: "l" }]);
    },
  },
  {
    name: "the entries of a mailbox are bounded",
    async run({ store, inbox }) {
      await Promise.all(
        Array.from(
          { length: MOST_ACL_ENTRIES },
          (_, i) => store.acl.set(inbox.id, { identifier: `u${i}`, rights: "l" }),
        ),
      );
      const more = { identifier: "one-more", rights: "l" };
      await assert.rejects(() => store.acl.set(inbox.id, more), Refusal);
      await store.acl.set(inbox.id, { identifier: "u0", rights: "lr" });
      await store.acl.set(inbox.id, { identifier: "u1", rights: "" });
      await store.acl.set(inbox.id, more);
      assert.equal((await store.acl.get(inbox.id)).length, MOST_ACL_ENTRIES);
    },
  },
];
