import { uidBounds } from "../../evaluate.ts";
import type { ThreadAlgorithm } from "../../ordering.ts";
import { concatNumbers } from "../../sort_messages.ts";
import { threadMessages } from "../../threading.ts";
import type { Database } from "../database.ts";
import type { Reads } from "../protocol.ts";
import { mailboxById } from "../records.ts";
import { asksOnlyUids } from "./known_order.ts";
import { contentsOf, isSame } from "./order_cache.ts";
import type { SlicedQuery } from "./query.ts";
import { search } from "./search.ts";
import { type ColumnSql, readColumns } from "./sort_columns.ts";

const COLUMNS: readonly ColumnSql[] = [
  "coalesce(k.sent_at, m.internal_date)",
  "k.is_reply",
  "length(k.links)",
  "k.subject",
];
const BYTES_OF_LINK = 8;

/** RFC 5256 section 3, BASE.6.4.THREAD. Only conversations of all messages are kept: of some they are others. */
export const thread: SlicedQuery<"thread"> = function* (db, { mailboxId, request }, context) {
  const { key, algorithm } = request;
  const slot = { mailboxId, name: `thread ${algorithm}` };
  const known = asksOnlyUids(key) ? context.orders.threads(db, slot) : null;
  if (known !== null && areBetween(known.uids, uidBounds(key))) {
    return { uids: known.uids.slice(), depths: known.depths.slice() };
  }
  const before = mailboxById(db, mailboxId);
  const found = yield* search(db, { mailboxId, key }, context);
  const { threads, count } = yield* threadAnew(db, { mailboxId, found }, algorithm);
  const after = mailboxById(db, mailboxId);
  if (before !== null && after !== null && count === after.messages) {
    const contents = contentsOf(after);
    if (isSame(contentsOf(before), contents)) {
      context.orders.keep(slot, contents, [threads.uids, threads.depths]);
    }
  }
  return threads;
};

function areBetween(uids: Uint32Array, [from, to]: readonly [from: number, to: number]): boolean {
  for (const uid of uids) if (uid !== 0 && (uid < from || uid > to)) return false;
  return true;
}

type Threads = Reads["thread"]["result"];

function* threadAnew(
  db: Database,
  { mailboxId, found }: { readonly mailboxId: number; readonly found: Uint32Array },
  algorithm: ThreadAlgorithm,
): Generator<number, { readonly threads: Threads; readonly count: number }> {
  const withLinks = algorithm === "references";
  const read = yield* readColumns(db, { mailboxId, uids: found }, { columns: COLUMNS, withLinks });
  const [dates, replies, lengths, subjects] = read.values as [number[], number[], number[], string[]];
  let end = 0;
  const list = yield* threadMessages({
    uids: Uint32Array.from(read.uids),
    dates: Float64Array.from(dates),
    subjects,
    isReply: replies.map((reply) => reply === 1),
    links: concatNumbers(read.links),
    linkEnds: Uint32Array.from(lengths, (length) => end += length / BYTES_OF_LINK),
  }, algorithm);
  const threads = { uids: Uint32Array.from(list.uids), depths: Uint32Array.from(list.depths) };
  return { threads, count: read.uids.length };
}
