/** Any sequence of operations has the same results on the memory store and on SQLite. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  Mailbox,
  NewQueueEntry,
  RecipientUpdate,
  SearchKey,
  Store,
  UidRanges,
} from "../../src/store/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { ALL, bytesOf, queueEntry, staged } from "../contract/store/harness.ts";
import { ManualClock, seededRandom } from "../support/fakes.ts";
import { StoreFolder } from "./support.ts";

type Operation = (store: Store) => Promise<unknown>;

const accounts = fc.constantFrom("ann@example.com", "bob@example.com");
const names = fc.constantFrom(
  "INBOX",
  "inbox",
  "Sent",
  "a",
  "a/b",
  "a/b/c",
  "b",
  "Caf\u00e9",
  "Cafe\u0301",
  "/",
  "",
);
const flags = fc.subarray(["\\Seen", "\\Deleted", "\\FLAGGED", "\\Recent", "one", "ONE", "$Two", "b d"], {
  maxLength: 4,
});
const contents = fc.constantFrom(
  "Subject: one\r\nDate: Thu, 4 Jan 2024 10:00:00 +0000\r\n\r\nfirst needle\r\n",
  "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nsecond\r\n",
  "not even a header",
  "",
  `Subject: big\r\n\r\n${"large text needle ".repeat(5000)}`,
);
const ranges: fc.Arbitrary<UidRanges> = fc.oneof(
  fc.constant(ALL),
  fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }).map((uids) =>
    uids.toSorted((a, b) => a - b).map((uid) => [uid, uid] as const)
  ),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 6 })).map(([from, more]) =>
    [[from, from + more]] as const
  ),
);
const domains = fc.constantFrom("one.example", "two.example");
const ids = fc.constantFrom("q1", "q2", "q3");
const filters = fc.record({
  id: ids,
  recipientDomain: domains,
  sender: fc.constantFrom("", "sender@example.com"),
  held: fc.boolean(),
}, { requiredKeys: [] });

const keys: fc.Arbitrary<SearchKey> = fc.letrec<{ key: SearchKey }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<SearchKey>(
      { kind: "all" },
      { kind: "flag", flag: "\\Seen" },
      { kind: "flag", flag: "ONE" },
      { kind: "larger", bytes: 30 },
      { kind: "smaller", bytes: 30 },
      { kind: "internalDate", test: "since", day: 2 },
      { kind: "sentDate", test: "on", day: Date.UTC(2024, 0, 4) / 86_400_000 },
      { kind: "header", field: "subject", text: "GRÜSSE" },
      { kind: "body", text: "NEEDLE" },
      { kind: "text", text: "one" },
      { kind: "modseq", atLeast: 5 },
    ),
    ranges.map((uids): SearchKey => ({ kind: "uid", uids })),
    fc.record({ kind: fc.constant("not" as const), key: tie("key") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      keys: fc.array(tie("key"), { maxLength: 3 }),
    }),
  ),
})).key;

const entries: fc.Arbitrary<NewQueueEntry> = fc.record({
  domains: fc.array(domains, { maxLength: 3 }),
  dueAt: fc.integer({ min: 0, max: 100 }),
  isNull: fc.boolean(),
}).map(({ domains, dueAt, isNull }) => {
  const entry = queueEntry(domains.map((domain) => `x@${domain}`), { dueAt });
  return isNull ? { ...entry, sender: null } : entry;
});

const updates: fc.Arbitrary<RecipientUpdate> = fc.record({
  index: fc.integer({ min: 0, max: 3 }),
  state: fc.oneof(
    fc.constant({ kind: "done" as const }),
    fc.record({
      kind: fc.constant("waiting" as const),
      attempts: fc.nat(5),
      nextAttemptAt: fc.nat(100),
      lastReply: fc.constant("451 4.0.0 Later"),
      lastHost: fc.constantFrom(null, "mx"),
      delayNotified: fc.boolean(),
    }),
  ),
});

/** The arguments first, the store last: an operation is what one run does to each of the stores. */
const operations: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(accounts, names, contents, flags).map(([account, name, content, set]) =>
      at(account, name, async (store, mailbox) =>
        store.messages.append({
          mailboxId: mailbox.id,
          body: await staged(store, content),
          flags: set,
          internalDate: content.length * 86_400_000,
        }))
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.uniqueArray(accounts, { maxLength: 2 }),
      fc.option(names),
      contents,
      fc.option(entries),
      ids,
    ).map(
      ([locals, mailbox, content, queued, id]): Operation => async (store) =>
        store.accept({
          id,
          body: await staged(store, content),
          receivedAt: 5,
          queued,
          local: locals.map((account) => mailbox === null ? { account } : { account, mailbox }),
        }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      accounts,
      names,
      ranges,
      fc.constantFrom("set" as const, "add" as const, "remove" as const),
      flags,
      fc.option(fc.nat(12)),
    ).map(
      ([account, name, uids, kind, set, since]) =>
        at(account, name, (store, mailbox) =>
          store.messages.setFlags(
            mailbox.id,
            uids,
            { kind, flags: set },
            since === null ? {} : { unchangedSince: since },
          )),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(accounts, names, ranges, fc.boolean()).map(([account, name, uids, any]) =>
      at(account, name, (store, mailbox) => store.messages.expunge(mailbox.id, uids, { any }))
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(accounts, names, names, ranges, fc.constantFrom("copy" as const, "move" as const))
      .map(([account, from, to, uids, kind]) =>
        at(
          account,
          from,
          async (store, mailbox) =>
            store.messages[kind](mailbox.id, uids, (await find(store, account, to)).id),
        )
      ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(accounts, names, fc.nat(20)).map(([account, name, modseq]) =>
      at(account, name, (store, mailbox) => store.messages.changesSince(mailbox.id, modseq))
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(accounts, names, keys).map(([account, name, key]) =>
      at(account, name, (store, mailbox) => store.messages.search(mailbox.id, key))
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(accounts, names, fc.boolean()).map(([account, name, claimRecent]) =>
      at(account, name, (store, mailbox) => store.messages.open(mailbox.id, { claimRecent }))
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(accounts, names, fc.constantFrom(undefined, null, "sent" as const, "junk" as const))
      .map(([account, name, role]): Operation => (store) => store.mailboxes.create(account, name, role)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(accounts, names, names).map(([account, from, to]): Operation => (store) =>
      store.mailboxes.rename(account, from, to)
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(accounts, names).map(([account, name]): Operation => (store) =>
      store.mailboxes.remove(account, name)
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(accounts, names, fc.boolean()).map(([account, name, on]): Operation => (store) =>
      store.mailboxes.subscribe(account, name, on)
    ),
  },
  { weight: 1, arbitrary: accounts.map((account): Operation => (store) => store.accounts.remove(account)) },
  {
    weight: 1,
    arbitrary: accounts.map((account): Operation => (store) => store.accounts.setCredential(account, "hash")),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(ids, fc.array(updates, { maxLength: 3 })).map(([id, list]): Operation => (store) =>
      store.spool.settle(id, list)
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(filters, fc.nat(100)).map(([filter, now]): Operation => (store) =>
      store.spool.flush(filter, now)
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(filters, fc.boolean()).map(([filter, held]): Operation => (store) =>
      store.spool.hold(filter, held)
    ),
  },
  { weight: 1, arbitrary: filters.map((filter): Operation => (store) => store.spool.drop(filter)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(100), fc.nat(4)).map(
      ([now, limit]): Operation => async (store) => [
        await store.spool.due(now, limit),
        await store.spool.nextDueAt(),
      ],
    ),
  },
);

Deno.test("memory and SQLite cannot be told apart", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operations, { minLength: 5, maxLength: 40 }),
      (sequence) =>
        StoreFolder.use(async (folder) => {
          const memory = openMemoryStore({ clock: new ManualClock(), random: seededRandom() });
          await folder.with(async (sqlite) => {
            for (const operation of sequence) {
              assert.deepEqual(await outcome(operation, sqlite), await outcome(operation, memory));
            }
            assert.deepEqual(await everything(sqlite), await everything(memory));
          }, { undeleteDays: 0 });
        }),
    ),
    { numRuns: 25 },
  );
});

/** What an operation returned, or what it was refused with. */
async function outcome(operation: Operation, store: Store): Promise<unknown> {
  try {
    return { value: await operation(store) };
  } catch (error) {
    assert.ok(error instanceof Error);
    // What is nobody's refusal is told in each store's own words.
    return { error: error.name, text: error.name === "Error" ? null : error.message };
  }
}

function at(
  account: string,
  name: string,
  work: (store: Store, mailbox: Mailbox) => Promise<unknown>,
): Operation {
  return async (store) => await work(store, await find(store, account, name));
}

async function find(store: Store, account: string, name: string): Promise<Mailbox> {
  return await store.mailboxes.get(account, name) ?? { id: 987_654 } as Mailbox;
}

async function everything(store: Store): Promise<unknown> {
  const found: unknown[] = [await store.accounts.list(), await store.spool.list()];
  const { queuedMessages, queuedRecipients } = store.stats();
  found.push(queuedMessages, queuedRecipients);
  for (const { account } of await store.accounts.list()) {
    found.push(await store.mailboxes.subscriptions(account));
    for (const mailbox of await store.mailboxes.list(account)) {
      found.push(
        mailbox,
        await store.messages.open(mailbox.id),
        await store.messages.changesSince(mailbox.id, 0),
      );
      for await (const batch of store.messages.rowsWithDigest(mailbox.id, ALL)) {
        for (const row of batch) found.push(row, await bytesOf(store, row.bodyId));
      }
    }
  }
  return found;
}
