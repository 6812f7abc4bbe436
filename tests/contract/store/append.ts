/** MULTIAPPEND, REPLACE, the quota, and how many keywords a mailbox may have. */
import assert from "node:assert/strict";
import { Refusal } from "../../../src/core/errors.ts";
import { NoSuchMailbox, NoSuchMessage } from "../../../src/store/errors.ts";
import type { Accepted, AppendRequest, Delivery, Mailbox, Store } from "../../../src/store/mod.ts";
import {
  again,
  ALL,
  append,
  appendMany,
  bigMessage,
  type ContractCase,
  mailboxOf,
  queueEntry,
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
    name: "a delivery goes to those who have room for all of it; the others have nothing of it",
    async run({ store, clock, account, inbox }) {
      const other = `r-${account}`;
      await store.accounts.ensure(other);
      const theirs = await mailboxOf(store, other, "INBOX");
      const quota = { bytes: 2 * SIZE, messages: null };
      const fact = (key: string, account?: string) => ({
        space: "room",
        key,
        value: "here",
        expiresAt: clock.now() + 1000,
        ...(account === undefined ? {} : { account }),
      });
      const limited = { account, quota };
      const content = TEN;
      const { full } = await deliver(store, { content, local: [limited, { account: other }] });
      assert.deepEqual(full, []);
      const once = { content, local: [limited, limited, { account: other }] };
      const mixed = await deliver(store, {
        ...once,
        edited: [{ body: await staged(store, "z"), local: [{ ...limited, mailbox: "New" }] }],
        facts: [fact("all"), fact("mine", account), fact("theirs", other)],
      });
      assert.deepEqual(mixed.full, [account], "twice is too much, and then it is not had once");
      assert.deepEqual((await store.facts.list("room")).map(({ key }) => key).sort(), ["all", "theirs"]);
      assert.deepEqual([(await again(store, inbox)).messages, (await again(store, theirs)).messages], [1, 2]);
      assert.equal(await store.mailboxes.get(account, "New"), null);
      assert.deepEqual((await deliver(store, { content, local: [limited] })).full, [], "to the last byte");
      const before = await again(store, inbox);
      await assert.rejects(
        () => deliver(store, { content: "y", local: [limited], facts: [fact("never")] }),
        (error) => error instanceof Refusal && `${error.reply.code} ${error.reply.enhanced}` === "452 4.2.2",
      );
      assert.equal(await store.facts.get("room", "never"), null);
      const onward = await deliver(store, {
        content,
        local: [limited],
        queued: queueEntry(["b@example.net"]),
      });
      assert.deepEqual(onward.full, [account]);
      assert.equal(store.stats().queuedMessages, 1);
      assert.deepEqual(await again(store, inbox), before);
      const nothing = { bytes: null, messages: null };
      assert.deepEqual((await deliver(store, { content, local: [{ account, quota: nothing }] })).full, []);
    },
  },
  {
    name: "deliveries at the same time fill a mailbox to its quota and no further (RFC 9208 section 5)",
    async run({ store, account, inbox }) {
      const quota = { bytes: null, messages: 5 };
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, () => deliver(store, { content: TEN, local: [{ account, quota }] })),
      );
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 5);
      assert.equal((await again(store, inbox)).messages, 5);
      const two = `s-${account}`;
      const local = [{ account, quota }, { account: two, quota: { bytes: SIZE, messages: null } }];
      const others = await Promise.all(
        Array.from(
          { length: 3 },
          () => deliver(store, { content: TEN, local, queued: queueEntry(["c@example.net"]) }),
        ),
      );
      assert.deepEqual(others.map(({ full }) => full.length).sort(), [1, 2, 2]);
      assert.deepEqual(await store.accounts.usage(two), { bytes: SIZE, messages: 1 });
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
  {
    name: "a mailbox has so many keywords and no more: APPEND and REPLACE (RFC 5530: LIMIT)",
    async run({ store, inbox }) {
      const keywordLimit = 3;
      const appending = async (...sets: string[][]) =>
        store.messages.appendMany(
          await Promise.all(
            sets.map(async (flags) => ({ ...await request(store, inbox, TEN), flags, keywordLimit })),
          ),
        );
      await appending(["one", "\\Seen"], ["ONE", "two"]);
      const before = await again(store, inbox);
      await assert.rejects(() => appending(["three", "four"]), tooManyKeywords);
      await assert.rejects(
        () => appending(["three"], ["four"]),
        tooManyKeywords,
        "together they are too many",
      );
      assert.deepEqual(await again(store, inbox), before, "none of them is stored");
      await appending(["three"]);
      await assert.rejects(() => appending(["four"]), tooManyKeywords);
      await appending(["Two", "THREE", "one"], ["\\Flagged"]);
      const replacing = async (flags: string[]) =>
        store.messages.replace({
          ...await request(store, inbox, TEN),
          flags,
          keywordLimit,
          source: inbox.id,
          uid: 4,
        });
      await assert.rejects(() => replacing(["four"]), tooManyKeywords);
      assert.deepEqual((await rowsOf(store, inbox)).map(({ uid }) => uid), [1, 2, 3, 4, 5]);
      assert.equal((await replacing(["one"])).uid, 6);
      await append(store, inbox, { flags: ["four"] });
      assert.equal((await again(store, inbox)).messages, 6, "whoever names no limit has none");
      await appending(["four"]);
      await assert.rejects(() => appending(["five"]), tooManyKeywords);
    },
  },
  {
    name: "a mailbox has so many keywords and no more: COPY, MOVE and STORE",
    async run({ store, clock, account, inbox }) {
      const archive = await mailboxOf(store, account, "Archive");
      const keywordLimit = 2;
      for (const flags of [["one"], ["two"], ["three"], []]) await append(store, inbox, { flags });
      const before = await rowsOf(store, inbox);
      const options = { keywordLimit };
      const { messages } = store;
      await assert.rejects(() => messages.copy(inbox.id, ALL, archive.id, options), tooManyKeywords);
      await assert.rejects(() => messages.move(inbox.id, ALL, archive.id, options), tooManyKeywords);
      assert.deepEqual(await rowsOf(store, inbox), before);
      assert.equal((await again(store, archive)).messages, 0);
      await messages.copy(inbox.id, [[1, 2]], archive.id, options);
      await messages.copy(inbox.id, [[1, 2], [4, 4]], archive.id, options);
      await assert.rejects(() => messages.move(inbox.id, [[3, 3]], archive.id, options), tooManyKeywords);
      const bare = { ...options, keeps: { seen: true, deleted: true, others: false } };
      await messages.copy(inbox.id, [[3, 3]], archive.id, bare);
      const adding = (flags: string[]) =>
        messages.setFlags(archive.id, ALL, { kind: "add", flags }, { keywordLimit });
      await assert.rejects(() => adding(["three"]), tooManyKeywords);
      assert.equal((await adding(["ONE", "two", "\\Seen"])).rows.length, 6);
      await messages.setFlags(archive.id, ALL, { kind: "remove", flags: ["two"] }, { keywordLimit });
      // A store may take a moment to see that there is room again.
      await clock.advance(60_000);
      await adding(["three"]);
      const [row] = await rowsOf(store, archive, [[1, 1]]);
      assert.deepEqual(row?.flags, ["\\Seen", "one", "three"]);
    },
  },
];

function deliver(
  store: Store,
  { content, ...delivery }: Partial<Omit<Delivery, "body">> & { readonly content: string },
): Promise<Accepted> {
  return staged(store, content).then((body) =>
    store.accept({ id: crypto.randomUUID(), receivedAt: 1, local: [], queued: null, ...delivery, body })
  );
}

async function request(
  store: Store,
  mailbox: Mailbox,
  content: string | Uint8Array,
): Promise<AppendRequest> {
  return { mailboxId: mailbox.id, body: await staged(store, content), flags: [], internalDate: 1 };
}

function tooManyKeywords(error: unknown): boolean {
  return error instanceof Refusal && error.reply.code === 552 && error.reply.enhanced === "5.2.0";
}

function overQuota(error: unknown): boolean {
  return error instanceof Refusal && error.reply.code === 552 && error.reply.enhanced === "5.2.2";
}
