/** The operations of a store as fast-check makes them, for runs of any sequence. */
import fc from "fast-check";
import type {
  Mailbox,
  NewQueueEntry,
  RecipientUpdate,
  SearchKey,
  Store,
  UidRanges,
} from "../../src/store/mod.ts";
import { ALL, queueEntry, staged } from "../contract/store/harness.ts";

/** What one step of a run does to each of the stores; the label is what a failing run shows. */
export interface Operation {
  readonly label: string;
  readonly run: (store: Store) => Promise<unknown>;
}

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
const quotas = fc.record({
  bytes: fc.constantFrom(null, 50, 200_000),
  messages: fc.constantFrom(null, 1, 4),
});
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

/** Any operation with any arguments, right or wrong. */
export const operations: fc.Arbitrary<Operation> = fc.oneof(
  onMailbox("append", [contents, flags], 6, async (store, mailbox, content, set) =>
    store.messages.append({
      mailboxId: mailbox.id,
      body: await staged(store, content),
      flags: set,
      internalDate: content.length * 86_400_000,
    })),
  onStore(
    "accept",
    [fc.uniqueArray(accounts, { maxLength: 2 }), fc.option(names), contents, fc.option(entries), ids],
    4,
    async (store, targets, mailbox, content, queued, id) =>
      store.accept({
        id,
        body: await staged(store, content),
        receivedAt: 5,
        queued,
        local: targets.map((account) => mailbox === null ? { account } : { account, mailbox }),
      }),
  ),
  onMailbox(
    "setFlags",
    [
      ranges,
      fc.constantFrom("set" as const, "add" as const, "remove" as const),
      flags,
      fc.option(fc.nat(12)),
    ],
    6,
    (store, mailbox, uids, kind, set, since) =>
      store.messages.setFlags(
        mailbox.id,
        uids,
        { kind, flags: set },
        since === null ? {} : { unchangedSince: since },
      ),
  ),
  onMailbox(
    "expunge",
    [ranges, fc.boolean()],
    2,
    (store, { id }, uids, any) => store.messages.expunge(id, uids, { any }),
  ),
  onMailbox(
    "copy",
    [names, ranges],
    2,
    async (store, mailbox, to, uids) =>
      store.messages.copy(mailbox.id, uids, (await find(store, mailbox.account, to)).id),
  ),
  onMailbox(
    "move",
    [names, ranges],
    2,
    async (store, mailbox, to, uids) =>
      store.messages.move(mailbox.id, uids, (await find(store, mailbox.account, to)).id),
  ),
  onMailbox(
    "appendMany",
    [fc.array(fc.tuple(contents, flags), { maxLength: 3 }), quotas],
    2,
    async (store, { id }, many, quota) =>
      store.messages.appendMany(
        await Promise.all(many.map(async ([content, set]) => ({
          mailboxId: id,
          body: await staged(store, content),
          flags: set,
          internalDate: 1,
          quota,
        }))),
      ),
  ),
  onMailbox(
    "replace",
    [names, fc.integer({ min: 1, max: 8 }), contents, quotas],
    3,
    async (store, mailbox, to, uid, content, quota) =>
      store.messages.replace({
        source: mailbox.id,
        uid,
        mailboxId: (await find(store, mailbox.account, to)).id,
        body: await staged(store, content),
        flags: [],
        internalDate: 2,
        quota,
      }),
  ),
  onMailbox(
    "transfer to another account",
    [accounts, names, ranges, fc.boolean(), quotas],
    3,
    async (store, { id }, account, to, uids, isMove, quota) => {
      const target = await find(store, account, to);
      return isMove
        ? store.messages.move(id, uids, target.id, { quota })
        : store.messages.copy(id, uids, target.id, { quota });
    },
  ),
  onMailbox("rows", [ranges], 2, async (store, { id }, uids) => {
    const rows = [];
    for await (const page of store.messages.rows(id, uids)) rows.push(...page);
    return rows;
  }),
  onMailbox(
    "changesSince",
    [fc.nat(20), fc.option(ranges)],
    3,
    (store, { id }, modseq, uids) => store.messages.changesSince(id, modseq, uids === null ? {} : { uids }),
  ),
  onMailbox(
    "set rights",
    [fc.constantFrom("ann@example.com", "-bob@example.com", "anyone"), fc.constantFrom("", "l", "lrs")],
    2,
    async (store, { id }, identifier, rights) => {
      await store.acl.set(id, { identifier, rights });
      return store.acl.get(id);
    },
  ),
  onStore(
    "sharedWith",
    [accounts],
    1,
    (store, account) => store.acl.sharedWith(account, [account, "anyone"]),
  ),
  onMailbox(
    "annotate",
    [
      fc.boolean(),
      fc.uniqueArray(fc.constantFrom("/private/a", "/private/b", "/shared/a", "/shared/b"), { maxLength: 3 }),
      fc.option(fc.uint8Array({ maxLength: 3 })),
      fc.nat(3),
    ],
    2,
    async (store, { id, account }, isServer, list, value, count) => {
      const scope = { account, mailboxId: isServer ? null : id };
      await store.annotations.set(scope, list.map((entry) => ({ entry, value })), {
        count,
        bytes: 1_000_000,
      });
      return store.annotations.list(scope);
    },
  ),
  onStore("usage", [accounts], 1, (store, account) => store.accounts.usage(account)),
  onMailbox("search", [keys], 3, (store, { id }, key) => store.messages.search(id, key)),
  onMailbox(
    "open",
    [fc.boolean()],
    2,
    (store, { id }, claimRecent) => store.messages.open(id, { claimRecent }),
  ),
  onStore(
    "create",
    [accounts, names, fc.constantFrom(undefined, null, "sent" as const, "junk" as const)],
    3,
    (store, account, name, role) => store.mailboxes.create(account, name, role),
  ),
  onStore(
    "rename",
    [accounts, names, names],
    3,
    (store, account, from, to) => store.mailboxes.rename(account, from, to),
  ),
  onStore("remove", [accounts, names], 2, (store, account, name) => store.mailboxes.remove(account, name)),
  onStore(
    "subscribe",
    [accounts, names, fc.boolean()],
    1,
    (store, account, name, on) => store.mailboxes.subscribe(account, name, on),
  ),
  onStore("removeAccount", [accounts], 1, (store, account) => store.accounts.remove(account)),
  onStore("setCredential", [accounts], 2, (store, account) => store.accounts.setCredential(account, "hash")),
  onStore(
    "settle",
    [ids, fc.array(updates, { maxLength: 3 })],
    3,
    (store, id, list) => store.spool.settle(id, list),
  ),
  onStore("flush", [filters, fc.nat(100)], 2, (store, filter, now) => store.spool.flush(filter, now)),
  onStore("hold", [filters, fc.boolean()], 2, (store, filter, held) => store.spool.hold(filter, held)),
  onStore("drop", [filters], 1, (store, filter) => store.spool.drop(filter)),
  onStore("due", [fc.nat(100), fc.nat(4)], 2, async (store, now, limit) => [
    await store.spool.due(now, limit),
    await store.spool.nextDueAt(),
  ]),
);

type Arbitraries<A extends unknown[]> = { [K in keyof A]: fc.Arbitrary<A[K]> };

function onStore<A extends unknown[]>(
  label: string,
  args: Arbitraries<A>,
  weight: number,
  run: (store: Store, ...args: A) => Promise<unknown>,
): fc.WeightedArbitrary<Operation> {
  const arbitrary = (fc.tuple(...args) as fc.Arbitrary<A>).map((values): Operation => ({
    label: `${label} ${JSON.stringify(values).slice(0, 200)}`,
    run: (store) => run(store, ...values),
  }));
  return { weight, arbitrary };
}

/** On a mailbox that may not be there. */
function onMailbox<A extends unknown[]>(
  label: string,
  args: Arbitraries<A>,
  weight: number,
  run: (store: Store, mailbox: Mailbox, ...args: A) => Promise<unknown>,
): fc.WeightedArbitrary<Operation> {
  return onStore<[string, string, ...A]>(
    label,
    [accounts, names, ...args] as Arbitraries<[string, string, ...A]>,
    weight,
    async (store, account, name, ...rest) => run(store, await find(store, account, name), ...rest),
  );
}

async function find(store: Store, account: string, name: string): Promise<Mailbox> {
  return await store.mailboxes.get(account, name) ??
    { id: 987_654, account } as Mailbox;
}
