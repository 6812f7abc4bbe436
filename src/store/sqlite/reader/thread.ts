import { concatNumbers } from "../../sort_messages.ts";
import { threadMessages } from "../../threading.ts";
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

/** RFC 5256 section 3, BASE.6.4.THREAD. */
export const thread: SlicedQuery<"thread"> = function* (db, { mailboxId, request }, context) {
  const { key, algorithm } = request;
  const found = yield* search(db, { mailboxId, key }, context);
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
  return { uids: Uint32Array.from(list.uids), depths: Uint32Array.from(list.depths) };
};
