import assert from "node:assert/strict";
import { Refusal } from "../../../src/core/errors.ts";
import { MailboxExists, NoSuchMailbox } from "../../../src/store/errors.ts";
import type { Mailbox, Store } from "../../../src/store/mod.ts";
import { again, ALL, append, appendMany, type ContractCase, mailboxOf, rowsOf } from "./harness.ts";

export const mailboxCases: readonly ContractCase[] = [
  {
    name: "create makes the mailbox and those above it",
    async run({ store, account }) {
      const made = await store.mailboxes.create(account, "a/b/c");
      assert.deepEqual(made, await store.mailboxes.byId(made.id));
      assert.deepEqual(await names(store, account), ["a", "a/b", "a/b/c"]);
      await assert.rejects(() => store.mailboxes.create(account, "a/b"), MailboxExists);
    },
  },
  {
    name: "find tells which mailbox has a name now, however often it was asked before",
    async run({ store, account, inbox }) {
      const { mailboxes } = store;
      const id = async (name: string) => (await mailboxes.find(account, name))?.id ?? null;
      const { id: first } = await mailboxes.create(account, "a");
      const { id: below } = await mailboxes.create(account, "a/b");
      assert.deepEqual([await id("a"), await id("a"), await id("a/b"), await id("c")], [
        first,
        first,
        below,
        null,
      ]);
      assert.equal(await id("inbox"), inbox.id);
      const { account: owner, name } = (await mailboxes.find(account, "a"))!;
      assert.deepEqual([owner, name], [account, "a"]);
      await mailboxes.rename(account, "a", "c");
      assert.deepEqual([await id("a"), await id("c"), await id("a/b"), await id("c/b")], [
        null,
        first,
        null,
        below,
      ]);
      await mailboxes.remove(account, "c");
      assert.equal(await id("c"), null);
      const { id: second } = await mailboxes.create(account, "c");
      assert.equal(await id("c"), second);
      await mailboxes.rename(account, "INBOX", "old");
      assert.equal(await id("INBOX"), inbox.id);
      await store.accounts.remove(account);
      assert.deepEqual([await id("c"), await id("INBOX")], [null, null]);
      await store.accounts.ensure(account);
      assert.notEqual(await id("INBOX"), inbox.id);
    },
  },
  {
    name: "names that look like paths are only names",
    async run({ store, account }) {
      const odd = ["..", "../../etc/passwd", "~", ".hidden", "a\\b", "C:", "%s", "'; DROP TABLE x; --", "*"];
      for (const name of odd) await store.mailboxes.create(account, name);
      for (const name of odd) assert.equal((await mailboxOf(store, account, name)).name, name);
    },
  },
  {
    name: "names are NFC, and INBOX is in capitals",
    async run({ store, account }) {
      const made = await store.mailboxes.create(account, "Cafe\u0301");
      assert.equal(made.name, "Caf\u00e9");
      await assert.rejects(() => store.mailboxes.create(account, "Caf\u00e9"), MailboxExists);
      assert.equal((await mailboxOf(store, account, "Cafe\u0301")).id, made.id);
      assert.equal((await mailboxOf(store, account, "inBox")).name, "INBOX");
      assert.equal((await store.mailboxes.create(account, "inbox/below")).name, "INBOX/below");
      await assert.rejects(() => store.mailboxes.create(account, "Inbox"), MailboxExists);
      assert.notEqual((await store.mailboxes.create(account, "café")).id, 0, "case counts elsewhere");
    },
  },
  {
    name: "names that are none are refused",
    async run({ store, account }) {
      const bad = ["", "/", "a//b", "/a", "a/", "a\r\nb", "a\u0000", "\u0085", "x".repeat(1001), "\ud800"];
      for (const name of [...bad, Array(60).fill("a").join("/")]) {
        await assert.rejects(() => store.mailboxes.create(account, name), refusal(553), JSON.stringify(name));
      }
      assert.deepEqual(await names(store, account), []);
    },
  },
  {
    name: "roles: by request, by name, and only one of each",
    async run({ store, account }) {
      await store.mailboxes.remove(account, "Sent");
      const sent = await store.mailboxes.create(account, "Gesendet", "sent");
      assert.equal(sent.role, "sent");
      await assert.rejects(() => store.mailboxes.create(account, "Also sent", "sent"), refusal(553));
      assert.equal((await store.mailboxes.create(account, "Sent")).role, null, "the role is taken");
      await store.mailboxes.remove(account, "Junk");
      assert.equal((await store.mailboxes.create(account, "Junk")).role, "junk");
      await store.mailboxes.remove(account, "Trash");
      assert.equal((await store.mailboxes.create(account, "Trash", null)).role, null);
    },
  },
  {
    name: "remove takes the mailbox, not those below it",
    async run({ store, account }) {
      const top = await store.mailboxes.create(account, "top");
      await store.mailboxes.create(account, "top/below");
      await append(store, top);
      await store.mailboxes.remove(account, "top");
      assert.deepEqual(await names(store, account), ["top/below"]);
      assert.equal(await store.mailboxes.byId(top.id), null);
      assert.deepEqual(await rowsOf(store, top), []);
      await assert.rejects(() => store.mailboxes.remove(account, "top"), NoSuchMailbox);
      await assert.rejects(() => store.mailboxes.remove(account, "inbox"), refusal(550));
    },
  },
  {
    name: "UIDVALIDITY of a name never goes back",
    async run({ store, account, clock }) {
      const first = await store.mailboxes.create(account, "again");
      await store.mailboxes.remove(account, "again");
      const second = await store.mailboxes.create(account, "again");
      assert.ok(second.uidValidity > first.uidValidity);
      assert.ok(second.uidValidity >= Math.floor(clock.now() / 1000));
      // An older mailbox that takes over the name must not bring its lower number along.
      const old = await store.mailboxes.create(account, "older");
      const young = await store.mailboxes.create(account, "younger");
      await store.mailboxes.remove(account, "younger");
      await store.mailboxes.rename(account, "older", "younger");
      const renamed = await again(store, old);
      assert.equal(renamed.name, "younger");
      assert.ok(renamed.uidValidity > young.uidValidity);
    },
  },
  {
    name: "rename keeps id, UIDVALIDITY and messages, and takes along what is below",
    async run({ store, account }) {
      const top = await store.mailboxes.create(account, "old");
      const below = await store.mailboxes.create(account, "old/x/y");
      await store.mailboxes.create(account, "older");
      const uid = await append(store, top);
      await store.mailboxes.rename(account, "old", "new/place");
      assert.deepEqual(await names(store, account), [
        "new",
        "new/place",
        "new/place/x",
        "new/place/x/y",
        "older",
      ]);
      const renamed = await again(store, top);
      assert.equal(renamed.uidValidity, top.uidValidity);
      assert.deepEqual((await rowsOf(store, renamed)).map((row) => row.uid), [uid]);
      assert.equal((await again(store, below)).name, "new/place/x/y");
      assert.equal(await store.mailboxes.get(account, "old"), null);
    },
  },
  {
    name: "rename of a level without a mailbox takes along what is below, and makes no mailbox of it",
    async run({ store, account }) {
      const below = await store.mailboxes.create(account, "foo/bar");
      await store.mailboxes.remove(account, "foo");
      await store.mailboxes.rename(account, "foo", "zowie");
      assert.deepEqual(await names(store, account), ["zowie/bar"]);
      assert.equal((await again(store, below)).id, below.id);
    },
  },
  {
    name: "rename refuses what cannot be",
    async run({ store, account }) {
      await store.mailboxes.create(account, "a");
      await store.mailboxes.create(account, "a/x");
      await store.mailboxes.create(account, "b/x");
      await assert.rejects(() => store.mailboxes.rename(account, "none", "c"), NoSuchMailbox);
      await assert.rejects(() => store.mailboxes.rename(account, "a", "b"), MailboxExists);
      await assert.rejects(() => store.mailboxes.rename(account, "a", "a"), MailboxExists);
      await assert.rejects(() => store.mailboxes.rename(account, "a", "inbox"), MailboxExists);
      await assert.rejects(() => store.mailboxes.rename(account, "a", "a/b"), refusal(553));
      await assert.rejects(() => store.mailboxes.rename(account, "a", "c//d"), refusal(553));
      await store.mailboxes.remove(account, "b");
      await assert.rejects(() => store.mailboxes.rename(account, "a", "b"), MailboxExists, "b/x is there");
      assert.deepEqual(await names(store, account), ["a", "a/x", "b/x"]);
    },
  },
  {
    name: "a name that only has mailboxes below it can be renamed, also upwards",
    async run({ store, account }) {
      await store.mailboxes.create(account, "p/q/q/r");
      await store.mailboxes.remove(account, "p");
      await store.mailboxes.rename(account, "p/q", "p");
      assert.deepEqual(await names(store, account), ["p", "p/q", "p/q/r"]);
    },
  },
  {
    name: "renaming INBOX moves its messages and leaves it (RFC 3501 section 6.3.5)",
    async run({ store, account, inbox }) {
      await store.mailboxes.create(account, "INBOX/below");
      await appendMany(store, inbox, 3);
      await store.mailboxes.rename(account, "inbox", "saved/2024");
      const after = await again(store, inbox);
      assert.deepEqual([after.name, after.messages, after.uidNext], ["INBOX", 0, 4]);
      const saved = await mailboxOf(store, account, "saved/2024");
      assert.deepEqual([saved.messages, saved.role, saved.uidNext], [3, null, 4]);
      assert.deepEqual((await store.messages.changesSince(inbox.id, 0)).vanished, [1, 2, 3]);
      assert.ok((await names(store, account)).includes("INBOX/below"));
      assert.deepEqual(await store.messages.expunge(saved.id, ALL, { any: true }), [1, 2, 3]);
    },
  },
  {
    name: "subscriptions are names of their own",
    async run({ store, account }) {
      await store.mailboxes.subscribe(account, "not/there", true);
      await store.mailboxes.subscribe(account, "not/there", true);
      await store.mailboxes.subscribe(account, "inbox", false);
      await store.mailboxes.subscribe(account, "never", false);
      assert.deepEqual(await store.mailboxes.subscriptions(account), [
        "Archive",
        "Drafts",
        "Junk",
        "Sent",
        "Trash",
        "not/there",
      ]);
      await store.mailboxes.remove(account, "Sent");
      assert.ok((await store.mailboxes.subscriptions(account)).includes("Sent"));
      assert.deepEqual(await store.mailboxes.subscriptions("nobody@example.com"), []);
    },
  },
  {
    name: "accounts do not see each other's mailboxes",
    async run({ store, account }) {
      await store.mailboxes.create(account, "mine");
      await store.accounts.ensure(`x${account}`);
      assert.equal(await store.mailboxes.get(`x${account}`, "mine"), null);
      assert.equal(await store.mailboxes.get("nobody@example.com", "INBOX"), null);
      assert.equal(await store.mailboxes.byId(999_999), null);
    },
  },
];

/** The names besides those that every account has. */
async function names(store: Store, account: string): Promise<string[]> {
  const defaults = new Set(["INBOX", "Drafts", "Sent", "Junk", "Trash", "Archive"]);
  return (await store.mailboxes.list(account)).map((mailbox: Mailbox) => mailbox.name)
    .filter((name) => !defaults.has(name));
}

function refusal(code: number): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.reply.code === code;
}
