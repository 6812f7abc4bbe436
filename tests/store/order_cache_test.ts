/** Orders that a reader keeps: what it takes of them is what it would have found anew, whatever happened in between. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { SearchKey, Store, UidRanges } from "../../src/store/mod.ts";
import type { SortOrder, ThreadAlgorithm } from "../../src/store/ordering.ts";
import type { Database } from "../../src/store/sqlite/database.ts";
import { openForReading } from "../../src/store/sqlite/open.ts";
import { type Contents, OrderCache } from "../../src/store/sqlite/reader/order_cache.ts";
import type { ReadContext } from "../../src/store/sqlite/reader/query.ts";
import { sort } from "../../src/store/sqlite/reader/sort.ts";
import { thread } from "../../src/store/sqlite/reader/thread.ts";
import { ALL, append, mailboxOf } from "../contract/store/harness.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "ann@example.com";
const EVERYTHING: SearchKey = { kind: "all" };

/** A store with two mailboxes, and a connection that reads beside it as a reader's does. */
interface Place {
  readonly store: Store;
  readonly db: Database;
  readonly inbox: number;
  readonly other: number;
}

function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  return StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const [inbox, other] = [
        await mailboxOf(store, ACCOUNT, "INBOX"),
        await mailboxOf(store, ACCOUNT, "Trash"),
      ];
      const db = openForReading(folder.database);
      try {
        await work({ store, db, inbox: inbox.id, other: other.id });
      } finally {
        db.close();
      }
    })
  );
}

function context(orders: OrderCache): ReadContext {
  return { report: () => {}, index: null, orders };
}

function run<T>(task: Generator<number, T>): T {
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
  }
}

interface Asked {
  readonly key: SearchKey;
  readonly order: SortOrder;
  readonly algorithm: ThreadAlgorithm;
}

function ask({ db, inbox }: Place, { key, order, algorithm }: Asked, orders: OrderCache): number[][] {
  const sorted = run(sort(db, { mailboxId: inbox, request: { key, order } }, context(orders)));
  const threads = run(thread(db, { mailboxId: inbox, request: { key, algorithm } }, context(orders)));
  return [sorted, threads.uids, threads.depths].map((numbers) => [...numbers]);
}

async function put({ store, inbox }: Place, seed: number): Promise<void> {
  const lines = [
    `From: p${seed % 4}@example.com`,
    `Subject: ${seed % 2 === 0 ? "Re: " : ""}subject ${seed % 3}`,
    `Date: Thu, ${1 + seed % 20} Jan 1970 10:00:00 +0000`,
    `Message-ID: <m${seed % 12}@example.com>`,
    `References: <m${(seed * 7) % 12}@example.com>`,
  ];
  await append(store, (await store.mailboxes.byId(inbox))!, {
    content: `${lines.join("\r\n")}\r\n\r\n${"x".repeat(seed % 9)}\r\n`,
    flags: seed % 3 === 0 ? ["\\Seen"] : [],
    internalDate: (seed * 5) % 17,
  });
}

const ranges: fc.Arbitrary<UidRanges> = fc.tuple(fc.integer({ min: 1, max: 25 }), fc.nat(5))
  .map(([from, more]) => [[from, from + more]]);
const changes = fc.oneof(
  fc.nat(200).map((seed) => (place: Place) => put(place, seed)),
  ranges.map((uids) => ({ store, inbox }: Place) => store.messages.expunge(inbox, uids, { any: true })),
  ranges.map((uids) => ({ store, inbox }: Place) =>
    store.messages.setFlags(inbox, uids, { kind: "add", flags: ["\\Seen", "Work"] })
  ),
  ranges.map((uids) => ({ store, inbox }: Place) => store.messages.copy(inbox, uids, inbox)),
  ranges.map((uids) => ({ store, inbox, other }: Place) => store.messages.move(inbox, uids, other)),
  fc.constant(({ store, inbox, other }: Place) => store.messages.move(other, ALL, inbox)),
);
const keys: fc.Arbitrary<SearchKey> = fc.oneof(
  fc.constant(EVERYTHING),
  fc.constantFrom(...["\\Seen", "Work"]).map((flag) => ({ kind: "flag", flag }) as const),
  fc.tuple(ranges, fc.boolean()).map(([uids, isWhole]) => ({
    kind: "and",
    keys: [{ kind: "uid", uids: isWhole ? ALL : uids }, EVERYTHING],
  } as const)),
);
const asked: fc.Arbitrary<Asked> = fc.record({
  key: keys,
  order: fc.constantFrom<SortOrder[]>(
    [{ by: "subject", descending: false }],
    [{ by: "date", descending: true }],
    [{ by: "from", descending: false }, { by: "arrival", descending: true }],
  ),
  algorithm: fc.constantFrom<ThreadAlgorithm[]>("references", "orderedsubject"),
});

Deno.test("a kept order answers as a new one, whatever comes in, goes, or is flagged in between", async () => {
  await withPlace(async (whole) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(changes, fc.array(asked, { maxLength: 4 }))), async (steps) => {
        const orders = new OrderCache();
        // A mailbox of its own, whose UIDs begin at 1.
        const { id: inbox } = await whole.store.mailboxes.create(ACCOUNT, `Run ${++runs}`);
        const place = { ...whole, inbox };
        try {
          for (let seed = 0; seed < 5; seed++) await put(place, seed);
          for (const [change, questions] of steps) {
            await change(place);
            for (const question of questions) {
              const fresh = new OrderCache();
              assert.deepEqual(ask(place, question, orders), ask(place, question, fresh));
              fresh.close();
            }
          }
        } finally {
          orders.close();
          await place.store.messages.expunge(place.other, ALL, { any: true });
        }
      }),
      { numRuns: 15 },
    );
  });
});

Deno.test("flags leave an order as it is, what goes leaves it, what comes makes it anew", async () => {
  await withPlace(async (place) => {
    const { store, db, inbox } = place;
    for (let seed = 0; seed < 6; seed++) await put(place, seed);
    const orders = new OrderCache();
    const request = { key: EVERYTHING, order: [{ by: "size", descending: false }] } as const;
    const threadRequest = { key: EVERYTHING, algorithm: "references" } as const;
    const [order, threads] = [
      { mailboxId: inbox, name: "size" },
      { mailboxId: inbox, name: "thread references" },
    ];
    assert.equal(orders.order(db, order), null);
    const sorted = run(sort(db, { mailboxId: inbox, request }, context(orders)));
    run(thread(db, { mailboxId: inbox, request: threadRequest }, context(orders)));
    assert.deepEqual(orders.order(db, order), sorted);

    await store.messages.setFlags(inbox, ALL, { kind: "add", flags: ["\\Flagged"] });
    assert.deepEqual(orders.order(db, order), sorted);
    assert.notEqual(orders.threads(db, threads), null);

    await store.messages.expunge(inbox, [[2, 3]], { any: true });
    assert.deepEqual(orders.order(db, order), sorted.filter((uid) => uid !== 2 && uid !== 3));
    assert.equal(orders.threads(db, threads), null);

    await put(place, 7);
    assert.equal(orders.order(db, order), null);

    run(sort(db, { mailboxId: inbox, request }, context(orders)));
    assert.notEqual(orders.bytes, 0);
    const trash = await mailboxOf(store, ACCOUNT, "Trash");
    run(sort(db, { mailboxId: trash.id, request }, context(orders)));
    await store.mailboxes.remove(ACCOUNT, "Trash");
    assert.equal(orders.order(db, { mailboxId: trash.id, name: "size" }), null);
    orders.close();
    assert.equal(orders.bytes, 0);
  });
});

Deno.test("the cache is bounded in bytes, in entries and in time; what was used last stays", async () => {
  await withPlace(async ({ store, db, inbox }) => {
    let now = 0;
    const orders = new OrderCache({ maxBytes: 100, maxEntries: 3, idleMs: 60_000, now: () => now });
    const mailbox = (await store.mailboxes.byId(inbox))!;
    const contents: Contents = { uidNext: mailbox.uidNext, messages: mailbox.messages, modseq: 0 };
    const keep = (name: string, length: number) =>
      orders.keep({ mailboxId: inbox, name }, contents, [new Uint32Array(length)]);
    const has = (name: string) => orders.order(db, { mailboxId: inbox, name }) !== null;

    keep("too much", 26);
    assert.deepEqual([has("too much"), orders.bytes], [false, 0]);
    keep("a", 10);
    keep("b", 10);
    assert.ok(has("a"));
    keep("c", 10);
    assert.deepEqual([has("a"), has("b"), has("c"), orders.bytes], [true, false, true, 80]);
    keep("a", 1);
    keep("d", 1);
    keep("e", 1);
    assert.deepEqual(["a", "c", "d", "e"].map(has), [true, false, true, true]);
    assert.equal(orders.bytes, 12);

    now = 50_000;
    assert.ok(has("d"));
    now = 60_000;
    orders.dropIdle();
    assert.deepEqual(["a", "d", "e"].map(has), [false, true, false]);
    assert.equal(orders.bytes, 4);
    orders.close();
  });
});
