import { inRanges } from "../../ranges.ts";
import type { SortCriterion } from "../../ordering.ts";
import { distinctCriteria, type SortColumn, sortMessages } from "../../sort_messages.ts";
import type { SlicedQuery } from "./query.ts";
import { search } from "./search.ts";
import { type ColumnSql, readColumns } from "./sort_columns.ts";

/** RFC 5256 section 3, RFC 5957 section 3. */
const COLUMNS: Readonly<Record<Exclude<SortCriterion, "relevancy">, ColumnSql>> = {
  "arrival": "m.internal_date",
  "cc": "k.cc_local",
  // RFC 5256 section 2.2.
  "date": "coalesce(k.sent_at, m.internal_date)",
  "from": "k.from_local",
  "size": "m.size",
  "subject": "k.subject",
  "to": "k.to_local",
  "displayfrom": "k.display_from",
  "displayto": "k.display_to",
};

/** Searches, then reads of what was found the narrow columns that decide. */
export const sort: SlicedQuery<"sort"> = function* (db, { mailboxId, request }, context) {
  const found = yield* search(db, { mailboxId, key: request.key }, context);
  const order = distinctCriteria(request.order);
  const columns = order.map(({ by }) => by === "relevancy" ? "m.uid" : COLUMNS[by]);
  const { uids, values } = yield* readColumns(db, { mailboxId, uids: found }, { columns });
  const input = order.map(({ by }, place): SortColumn =>
    by === "relevancy" ? uids.map((uid) => inRanges(request.best ?? [], uid) ? 0 : 1) : values[place]!
  );
  return (yield* sortMessages({ uids: Uint32Array.from(uids), columns: input }, order)) as Uint32Array<
    ArrayBuffer
  >;
};
