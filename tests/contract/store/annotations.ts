import assert from "node:assert/strict";
import { decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import { Refusal } from "../../../src/core/errors.ts";
import type { AnnotationScope } from "../../../src/store/annotations.ts";
import { NoSuchMailbox } from "../../../src/store/errors.ts";
import type { Store } from "../../../src/store/mod.ts";
import { type ContractCase, mailboxOf } from "./harness.ts";

const LIMITS = { count: 5, bytes: 1000 };

export const annotationCases: readonly ContractCase[] = [
  {
    name: "private ones are the account's own, a mailbox's shared ones everybody's (RFC 5464 section 3.2)",
    async run({ store, account, inbox }) {
      const other = `o-${account}`;
      await store.accounts.ensure(other);
      const mine = { account, mailboxId: inbox.id };
      const theirs = { account: other, mailboxId: inbox.id };
      await set(store, mine, { "/private/comment": "mine", "/shared/comment": "ours" });
      await set(store, theirs, { "/private/comment": "theirs", "/shared/other": "too" });
      assert.deepEqual(await list(store, mine), {
        "/private/comment": "mine",
        "/shared/comment": "ours",
        "/shared/other": "too",
      });
      assert.deepEqual(await list(store, theirs), {
        "/private/comment": "theirs",
        "/shared/comment": "ours",
        "/shared/other": "too",
      });
      await set(store, theirs, { "/shared/comment": null, "/private/comment": "new", "/shared/none": null });
      assert.deepEqual(await list(store, mine), { "/private/comment": "mine", "/shared/other": "too" });
    },
  },
  {
    name: "those of the server are the account's own, and values are any bytes",
    async run({ store, account, inbox }) {
      const scope = { account, mailboxId: null };
      const value = new Uint8Array([0, 13, 10, 255, 34]);
      await store.annotations.set(scope, [{ entry: "/shared/x", value }], LIMITS);
      await set(store, scope, { "/private/y": "" });
      assert.deepEqual(await store.annotations.list(scope), [
        { entry: "/private/y", value: new Uint8Array(0) },
        { entry: "/shared/x", value },
      ]);
      assert.deepEqual(await list(store, { account: `p-${account}`, mailboxId: null }), {});
      assert.deepEqual(await list(store, { account, mailboxId: inbox.id }), {});
    },
  },
  {
    name: "a mailbox that is renamed keeps them, one that is removed takes them along; INBOX keeps its own",
    async run({ store, account, inbox }) {
      const made = await store.mailboxes.create(account, "noted");
      for (const { id } of [made, inbox]) await set(store, { account, mailboxId: id }, { "/shared/c": "1" });
      await store.mailboxes.rename(account, "noted", "kept");
      await store.mailboxes.rename(account, "INBOX", "from inbox");
      for (const { id } of [made, inbox]) {
        assert.deepEqual(await list(store, { account, mailboxId: id }), { "/shared/c": "1" });
      }
      const moved = await mailboxOf(store, account, "from inbox");
      assert.deepEqual(await list(store, { account, mailboxId: moved.id }), {});
      await store.mailboxes.remove(account, "kept");
      assert.deepEqual(await list(store, { account, mailboxId: made.id }), {});
      await assert.rejects(
        () => set(store, { account, mailboxId: made.id }, { "/shared/c": "2" }),
        NoSuchMailbox,
      );
    },
  },
  {
    name: "an account that goes takes its private ones along, wherever they are",
    async run({ store, account, inbox }) {
      const guest = `g-${account}`;
      await store.accounts.ensure(guest);
      const scopes: AnnotationScope[] = [
        { account: guest, mailboxId: inbox.id },
        { account: guest, mailboxId: null },
      ];
      for (const scope of scopes) await set(store, scope, { "/private/p": "secret" });
      await set(store, scopes[0]!, { "/shared/s": "stays" });
      await store.accounts.remove(guest);
      await store.accounts.ensure(guest);
      assert.deepEqual(await list(store, scopes[0]!), { "/shared/s": "stays" });
      assert.deepEqual(await list(store, scopes[1]!), {});
    },
  },
  {
    name: "past the limit all is refused; what only takes away is not",
    async run({ store, account, inbox }) {
      const scope = { account, mailboxId: inbox.id };
      const many = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`/private/${i}`, "v"]));
      await assert.rejects(() => set(store, scope, many), Refusal);
      assert.deepEqual(await list(store, scope), {});
      const { "/private/5": _, ...five } = many;
      await set(store, scope, five);
      await set(store, scope, { "/shared/counted-apart": "v" });
      await assert.rejects(
        () => set(store, scope, { "/private/0": null, "/private/6": "v", "/private/7": "v" }),
        (error) => error instanceof Refusal && error.reply.enhanced === "5.2.0",
      );
      await set(store, scope, { "/private/0": null, "/private/6": "v" });
      await store.annotations.set(scope, [{ entry: "/private/1", value: null }], { count: 1, bytes: 1 });
      assert.equal(Object.keys(await list(store, scope)).length, 5);
    },
  },
  {
    name: "there can be only so many bytes of an account, in all its mailboxes together, whoever shared them",
    async run({ store, account, inbox }) {
      const archive = await mailboxOf(store, account, "Archive");
      const other = `b-${account}`;
      await store.accounts.ensure(other);
      const put = (scope: AnnotationScope, entry: string, bytes: number) =>
        store.annotations.set(scope, [{ entry, value: new Uint8Array(bytes) }], { count: 5, bytes: 100 });
      const full = (error: unknown) => error instanceof Refusal && error.reply.enhanced === "5.2.2";
      await put({ account, mailboxId: null }, "/private/a", 20);
      await put({ account, mailboxId: archive.id }, "/private/b", 20);
      // What another shares in a mailbox counts for its owner.
      await put({ account: other, mailboxId: inbox.id }, "/shared/aaa", 19);
      await assert.rejects(() => put({ account, mailboxId: inbox.id }, "/private/c", 1), full);
      await assert.rejects(() => put({ account: other, mailboxId: archive.id }, "/shared/c", 2), full);
      assert.deepEqual(await store.annotations.list({ account, mailboxId: archive.id }), [
        { entry: "/private/b", value: new Uint8Array(20) },
      ]);
      await put({ account: other, mailboxId: inbox.id }, "/private/mine", 80);
      // What is replaced makes room.
      await put({ account, mailboxId: archive.id }, "/private/b", 1);
      await put({ account, mailboxId: inbox.id }, "/private/c", 19);
      await assert.rejects(() => put({ account, mailboxId: inbox.id }, "/private/c", 20), full);
    },
  },
];

function set(store: Store, scope: AnnotationScope, entries: Record<string, string | null>): Promise<void> {
  const changes = Object.entries(entries).map(([entry, value]) => ({
    entry,
    value: value === null ? null : encodeUtf8(value),
  }));
  return store.annotations.set(scope, changes, LIMITS);
}

async function list(store: Store, scope: AnnotationScope): Promise<Record<string, string>> {
  const found = await store.annotations.list(scope);
  return Object.fromEntries(found.map(({ entry, value }) => [entry, decodeUtf8(value)]));
}
