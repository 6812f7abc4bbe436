/** SORT and THREAD as the store does them, and search by what the rows tell, against an obvious model. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { MessageRowWithDigest, SearchKey, Store } from "../../../src/store/mod.ts";
import type { SortOrder } from "../../../src/store/ordering.ts";
import { sortKeysOf } from "../../../src/store/sort_keys.ts";
import { ALL, append, type ContractCase, type Draft, type Subject } from "./harness.ts";

const DAY = 86_400_000;

function draft(place: number): Draft {
  const names = ["Ann", "bob", "Örn", "ann", "\u{1f600}"];
  const lines = [
    `From: ${names[place % 5]} <${names[place % 4]}@example.com>`,
    `To: someone${place % 3}@example.org`,
    ...(place % 4 === 0 ? [] : [`Cc: other${place % 2}@example.org`]),
    `Subject: ${place % 3 === 0 ? "Re: " : ""}subject ${place % 4}`,
    ...(place % 5 === 0 ? [] : [`Date: Thu, ${1 + (place * 7) % 20} Jan 1970 10:00:00 +0000`]),
    `Message-ID: <m${place}@example.com>`,
    ...(place % 3 === 0 ? [`References: <m${place - 3}@example.com>`] : []),
  ];
  return {
    content: `${lines.join("\r\n")}\r\n\r\n${"x".repeat((place * 13) % 50)}\r\n`,
    flags: [...(place % 2 === 0 ? ["\\Seen"] : []), ...(place % 3 === 0 ? ["Work", "$Later"] : [])],
    internalDate: ((place * 5) % 17) * DAY + place,
  };
}

async function fill({ store, inbox }: Subject): Promise<MessageRowWithDigest[]> {
  for (let place = 1; place <= 30; place++) await append(store, inbox, draft(place));
  // UIDs are not sequence numbers.
  await store.messages.expunge(inbox.id, [[4, 4], [11, 13]], { any: true });
  await store.messages.setFlags(inbox.id, [[7, 9]], { kind: "add", flags: ["\\Flagged"] });
  return await rowsOf(store, inbox.id);
}

async function rowsOf(store: Store, mailboxId: number): Promise<MessageRowWithDigest[]> {
  const rows: MessageRowWithDigest[] = [];
  for await (const batch of store.messages.rowsWithDigest(mailboxId, ALL)) rows.push(...batch);
  return rows;
}

const VALUES: Record<string, (row: MessageRowWithDigest) => number | string> = {
  arrival: (row) => row.internalDate,
  date: (row) => row.digest.sentAt ?? row.internalDate,
  size: (row) => row.size,
  from: (row) => sortKeysOf(row.digest, row.bodyId).from,
  to: (row) => sortKeysOf(row.digest, row.bodyId).to,
  cc: (row) => sortKeysOf(row.digest, row.bodyId).cc,
  subject: (row) => sortKeysOf(row.digest, row.bodyId).subject,
  displayfrom: (row) => sortKeysOf(row.digest, row.bodyId).displayFrom,
  displayto: (row) => sortKeysOf(row.digest, row.bodyId).displayTo,
};

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number") return a - (b as number);
  const [first, second] = [a, b as string].map((text) => [...text].map((char) => char.codePointAt(0)!));
  for (let i = 0; i < Math.min(first!.length, second!.length); i++) {
    if (first![i] !== second![i]) return first![i]! - second![i]!;
  }
  return first!.length - second!.length;
}

function inOrder(rows: readonly MessageRowWithDigest[], order: SortOrder): number[] {
  return rows.toSorted((a, b) => {
    for (const { by, descending } of order) {
      const found = compare(VALUES[by]!(a), VALUES[by]!(b));
      if (found !== 0) return descending ? -found : found;
    }
    return a.uid - b.uid;
  }).map((row) => row.uid);
}

const anyLeaf: fc.Arbitrary<SearchKey> = fc.oneof(
  fc.constant({ kind: "all" } as const),
  fc.constant({ kind: "none" } as const),
  fc.constantFrom("\\Seen", "\\flagged", "work", "$LATER", "wor", "\\Unknown")
    .map((flag) => ({ kind: "flag", flag }) as const),
  fc.tuple(
    fc.constantFrom("internalDate", "sentDate", "savedDate"),
    fc.constantFrom("before", "on", "since"),
    fc.nat(20),
  ).map(([kind, test, day]) => ({ kind, test, day }) as SearchKey),
  fc.tuple(fc.constantFrom("until", "from"), fc.nat(20))
    .map(([test, day]) => ({ kind: "internalTime", test, at: day * DAY + 5 }) as SearchKey),
  fc.tuple(fc.constantFrom("larger", "smaller"), fc.nat(400))
    .map(([kind, bytes]) => ({ kind, bytes }) as SearchKey),
  fc.tuple(fc.nat(35), fc.nat(10)).map(([from, more]) =>
    ({ kind: "uid", uids: [[from + 1, from + 1 + more]] }) as SearchKey
  ),
  fc.nat(40).map((atLeast) => ({ kind: "modseq", atLeast }) as SearchKey),
  fc.constantFrom("1", "subject 2", "RE").map((text) =>
    ({ kind: "header", field: "subject", text }) as SearchKey
  ),
);

const { key: anyKey } = fc.letrec<{ key: SearchKey }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 3 },
    anyLeaf,
    tie("key").map((key) => ({ kind: "not", key }) as SearchKey),
    fc.tuple(fc.constantFrom("and", "or"), fc.array(tie("key"), { maxLength: 3 }))
      .map(([kind, keys]) => ({ kind, keys }) as SearchKey),
  ),
}));

function dayMatches(test: string, time: number | null, day: number): boolean {
  if (time === null) return false;
  const actual = Math.floor(time / DAY);
  return test === "on" ? actual === day : test === "before" ? actual < day : actual >= day;
}

function matches(row: MessageRowWithDigest, key: SearchKey): boolean {
  switch (key.kind) {
    case "all":
    case "none":
      return key.kind === "all";
    case "not":
      return !matches(row, key.key);
    case "and":
      return key.keys.every((inner) => matches(row, inner));
    case "or":
      return key.keys.some((inner) => matches(row, inner));
    case "flag":
      return row.flags.some((flag) => flag.toLowerCase() === key.flag.toLowerCase());
    case "internalDate":
      return dayMatches(key.test, row.internalDate, key.day);
    case "sentDate":
      return dayMatches(key.test, row.digest.sentAt, key.day);
    case "savedDate":
      return dayMatches(key.test, row.savedAt, key.day);
    case "internalTime":
      return key.test === "until" ? row.internalDate <= key.at : row.internalDate >= key.at;
    case "larger":
      return row.size > key.bytes;
    case "smaller":
      return row.size < key.bytes;
    case "uid":
      return key.uids.some(([from, to]) => row.uid >= from && row.uid <= to);
    case "modseq":
      return row.modseq >= key.atLeast;
    case "header":
      return (row.digest.envelope.subject ?? "").toUpperCase().includes(key.text.toUpperCase());
    default:
      throw new Error(`The model does not know ${key.kind}`);
  }
}

export const orderingCases: readonly ContractCase[] = [
  {
    name: "any key finds what a plain look at every message finds",
    async run(subject) {
      const { store, inbox } = subject;
      const rows = await fill(subject);
      await fc.assert(
        fc.asyncProperty(anyKey, async (key) => {
          const expected = rows.filter((row) => matches(row, key)).map((row) => row.uid);
          assert.deepEqual(await store.messages.search(inbox.id, key), expected);
        }),
        { numRuns: 300 },
      );
    },
  },
  {
    name: "one message and one conversation by their ids",
    async run(subject) {
      const { store, inbox } = subject;
      const rows = await fill(subject);
      const row = rows.find(({ uid }) => uid === 9)!;
      const { thread } = sortKeysOf(row.digest, row.bodyId);
      const expected = rows.filter(({ digest, bodyId }) => sortKeysOf(digest, bodyId).thread === thread);
      assert.deepEqual(await store.messages.search(inbox.id, { kind: "email", bodyId: row.bodyId }), [9]);
      assert.deepEqual(
        await store.messages.search(inbox.id, { kind: "thread", thread }),
        expected.map(({ uid }) => uid),
      );
    },
  },
  {
    name: "any order is what comparing one by one gives",
    async run(subject) {
      const { store, inbox } = subject;
      const rows = await fill(subject);
      const anyOrder = fc.array(
        fc.record({ by: fc.constantFrom(...Object.keys(VALUES)), descending: fc.boolean() }),
        { minLength: 1, maxLength: 3 },
      );
      await fc.assert(
        fc.asyncProperty(anyOrder, anyKey, async (order, key) => {
          const request = { key, order: order as SortOrder };
          const expected = inOrder(rows.filter((row) => matches(row, key)), request.order);
          assert.deepEqual(await store.messages.sort(inbox.id, request), expected);
        }),
        { numRuns: 200 },
      );
    },
  },
  {
    name: "the best matches first",
    async run(subject) {
      const { store, inbox } = subject;
      await fill(subject);
      const order: SortOrder = [{ by: "relevancy", descending: false }, { by: "arrival", descending: true }];
      const key: SearchKey = { kind: "uid", uids: [[1, 3], [5, 6]] };
      const sorted = await store.messages.sort(inbox.id, { key, order, best: [[2, 2], [6, 6]] });
      assert.deepEqual(sorted.slice(0, 2).toSorted(), [2, 6]);
      assert.deepEqual(sorted.toSorted((a, b) => a - b), [1, 2, 3, 5, 6]);
    },
  },
  {
    name: "conversations by references and by subject",
    async run({ store, inbox }) {
      const ids = ["a", "b", "c", "d"];
      const above = ["", "a", "b", "gone"];
      for (const [place, id] of ids.entries()) {
        await append(store, inbox, {
          content: `Subject: ${id === "d" ? "Other" : "Re: Same"}\r\nMessage-ID: <${id}@x>\r\n` +
            (above[place] === "" ? "" : `References: <${above[place]}@x>\r\n`) +
            `Date: Thu, ${4 - place} Jan 2024 10:00:00 +0000\r\n\r\nx\r\n`,
        });
      }
      const key: SearchKey = { kind: "all" };
      assert.deepEqual(await store.messages.thread(inbox.id, { key, algorithm: "references" }), {
        uids: [4, 1, 2, 3],
        depths: [0, 0, 1, 2],
      });
      assert.deepEqual(await store.messages.thread(inbox.id, { key, algorithm: "orderedsubject" }), {
        uids: [4, 3, 2, 1],
        depths: [0, 0, 1, 1],
      });
    },
  },
  {
    name: "nothing found, and a mailbox that is not there",
    async run({ store, inbox }) {
      const order: SortOrder = [{ by: "subject", descending: false }];
      const none = { uids: [], depths: [] };
      for (const id of [inbox.id, 66_666_666]) {
        assert.deepEqual(await store.messages.sort(id, { key: { kind: "all" }, order }), []);
        const request = { key: { kind: "all" }, algorithm: "references" } as const;
        assert.deepEqual(await store.messages.thread(id, request), none);
      }
    },
  },
];
