/** MULTIAPPEND, REPLACE and the quota. */
import assert from "node:assert/strict";
import { Refusal } from "../../../src/core/errors.ts";
import { NoSuchMailbox, NoSuchMessage } from "../../../src/store/errors.ts";
import type { AppendRequest, Mailbox, Store } from "../../../src/store/mod.ts";
import {
  again,
  ALL,
  append,
  appendMany,
  bigMessage,
  type ContractCase,
  mailboxOf,
  rowsOf,
  staged,
  textOf,
} from "./harness.ts";

const SIZE = 10;
const TEN = "x".repeat(SIZE);

export const appendCases: readonly ContractCase[] = [
  {
    name: "many messages come in together, in their order (RFC 3502)",
    async run({ store, inbox }) {
      await append(store, inbox);
      const contents = ["one", bigMessage(300_000), "three"];
      const requests = await Promise.all(
        contents.map(async (content, i) => ({
          ...await request(store, inbox, content),
          flags: i === 0 ? ["\\Seen"] : [],
        })),
      );
      const { uidValidity } = inbox;
      assert.deepEqual(await store.messages.appendMany(requests), [
        { uid: 2, uidValidity },
        { uid: 3, uidValidity },
        { uid: 4, uidValidity },
      ]);
      const rows = await rowsOf(store, inbox);
      assert.deepEqual(rows.slice(1).map(({ size, flags }) => [size, flags.length]), [[3, 1], [300_000, 0], [
        5,
        0,
      ]]);
      assert.equal(await textOf(store, rows[3]!.bodyId), "three");
      assert.deepEqual(await store.messages.appendMany([]), []);
    },
  },
  {
    name: "many messages: one that is refused keeps all out",
    async run({ store, account, inbox }) {
      const gone = await store.mailboxes.create(account, "gone");
      await store.mailboxes.remove(account, "gone");
      const before = await again(store, inbox);
      const good = () => request(store, inbox, TEN);
      const bad = [
        { ...await good(), flags: ["not a keyword"] },
        { ...await good(), mailboxId: gone.id },
        { ...await good(), quota: { bytes: SIZE, messages: null } },
      ];
      for (const one of bad) {
        await assert.rejects(
          async () => store.messages.appendMany([await good(), one, await good()]),
          Refusal,
        );
      }
      assert.deepEqual(await again(store, inbox), before);
      assert.deepEqual(await rowsOf(store, inbox), []);
    },
  },
  {
    name: "replace puts one in and takes one out (RFC 8508 section 3.1)",
    async run({ store, account, inbox }) {
      const drafts = await mailboxOf(store, account, "Drafts");
      await appendMany(store, inbox, 3);
      const before = await again(store, inbox);
      const same = await store.messages.replace({
        ...await request(store, inbox, "new"),
        source: inbox.id,
        uid: 2,
      });
      assert.deepEqual(same, { uid: 4, uidValidity: inbox.uidValidity });
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.uid), [1, 3, 4]);
      const changes = await store.messages.changesSince(inbox.id, before.highestModseq);
      assert.deepEqual([changes.changed.map((row) => row.uid), changes.vanished], [[4], [2]]);
      await store.messages.replace({ ...await request(store, drafts, "there"), source: inbox.id, uid: 1 });
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.uid), [3, 4]);
      assert.equal((await again(store, drafts)).messages, 1);
    },
  },
  {
    name: "replace of a message that is gone does nothing",
    async run({ store, account, inbox }) {
      await appendMany(store, inbox, 2);
      await store.messages.expunge(inbox.id, [[2, 2]], { any: true });
      const before = await again(store, inbox);
      const replacing = async (
        to: Mailbox,
        source: number,
        uid: number,
        quota = { bytes: null, messages: null },
      ) => store.messages.replace({ ...await request(store, to, TEN), source, uid, quota });
      await assert.rejects(() => replacing(inbox, inbox.id, 2), NoSuchMessage);
      await assert.rejects(() => replacing(inbox, 99_999_999, 1), NoSuchMailbox);
      const gone = await store.mailboxes.create(account, "gone");
      await store.mailboxes.remove(account, "gone");
      await assert.rejects(() => replacing(gone, inbox.id, 1), NoSuchMailbox);
      assert.deepEqual(await again(store, inbox), before);
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.uid), [1]);
    },
  },
  {
    name: "the quota counts bytes and messages of all mailboxes (RFC 9208 section 5)",
    async run({ store, account, inbox }) {
      const drafts = await mailboxOf(store, account, "Drafts");
      assert.deepEqual(await store.accounts.usage(account), { bytes: 0, messages: 0 });
      await append(store, inbox, { content: TEN });
      await append(store, drafts, { content: TEN });
      assert.deepEqual(await store.accounts.usage(account), { bytes: 2 * SIZE, messages: 2 });
      assert.deepEqual(await store.accounts.usage(`no-${account}`), { bytes: 0, messages: 0 });
      const limited = async (bytes: number | null, messages: number | null) =>
        store.messages.append({ ...await request(store, inbox, TEN), quota: { bytes, messages } });
      await assert.rejects(() => limited(3 * SIZE - 1, null), overQuota);
      await assert.rejects(() => limited(null, 2), overQuota);
      await limited(3 * SIZE, 3);
      assert.deepEqual(await store.accounts.usage(account), { bytes: 3 * SIZE, messages: 3 });
      // What replaces another message counts instead of it.
      const quota = { bytes: 3 * SIZE, messages: 3 };
      const replacement = { ...await request(store, inbox, TEN), source: drafts.id, uid: 1, quota };
      assert.equal((await store.messages.replace(replacement)).uid, 3);
      const larger = { ...await request(store, inbox, `${TEN}!`), source: inbox.id, uid: 1, quota };
      await assert.rejects(() => store.messages.replace(larger), overQuota);
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.uid), [1, 2, 3]);
    },
  },
  {
    name: "copies count against the quota of the target's owner; a move within an account does not",
    async run({ store, account, inbox }) {
      const owner = `q-${account}`;
      await store.accounts.ensure(owner);
      const theirs = await mailboxOf(store, owner, "INBOX");
      const mine = await mailboxOf(store, account, "Archive");
      for (let i = 0; i < 3; i++) await append(store, inbox, { content: TEN, flags: ["\\Deleted"] });
      const tight = { quota: { bytes: 2 * SIZE, messages: null } };
      const before = await rowsOf(store, inbox);
      await assert.rejects(() => store.messages.copy(inbox.id, ALL, theirs.id, tight), overQuota);
      await assert.rejects(() => store.messages.move(inbox.id, ALL, theirs.id, tight), overQuota);
      await assert.rejects(() => store.messages.copy(inbox.id, [[1, 1]], mine.id, tight), overQuota);
      assert.deepEqual(await rowsOf(store, inbox), before);
      assert.equal((await again(store, theirs)).messages, 0);
      assert.deepEqual((await store.messages.copy(inbox.id, [[1, 2]], theirs.id, tight)).to, [1, 2]);
      assert.deepEqual((await store.messages.move(inbox.id, ALL, mine.id, tight)).to, [1, 2, 3]);
      assert.deepEqual(
        (await store.messages.copy(inbox.id, ALL, mine.id, tight)).to,
        [],
        "nothing is never too much",
      );
    },
  },
  {
    name: "copies and moves between accounts belong to the target's owner (RFC 4314)",
    async run({ store, account, inbox }) {
      const owner = `t-${account}`;
      await store.accounts.ensure(owner);
      const theirs = await mailboxOf(store, owner, "Archive");
      for (let i = 0; i < 3; i++) await append(store, inbox, { content: TEN, flags: ["\\Seen"] });
      const [first] = await rowsOf(store, inbox);
      await store.messages.copy(inbox.id, [[1, 1]], theirs.id);
      await store.messages.move(inbox.id, [[2, 3]], theirs.id);
      assert.deepEqual(await store.accounts.usage(owner), { bytes: 3 * SIZE, messages: 3 });
      assert.deepEqual(await store.accounts.usage(account), { bytes: SIZE, messages: 1 });
      assert.equal((await rowsOf(store, theirs))[0]?.bodyId, first?.bodyId);
      await store.accounts.remove(account);
      const rows = await rowsOf(store, theirs);
      assert.deepEqual(rows.map((row) => row.flags), Array(3).fill(["\\Seen"]));
      for (const { bodyId } of rows) assert.equal(await textOf(store, bodyId), TEN);
    },
  },
];

async function request(
  store: Store,
  mailbox: Mailbox,
  content: string | Uint8Array,
): Promise<AppendRequest> {
  return { mailboxId: mailbox.id, body: await staged(store, content), flags: [], internalDate: 1 };
}

function overQuota(error: unknown): boolean {
  return error instanceof Refusal && error.reply.code === 552 && error.reply.enhanced === "5.2.2";
}
