import { uidBounds } from "../../evaluate.ts";
import type { UidRanges } from "../../mod.ts";
import type { SortCriterion, SortOrder } from "../../ordering.ts";
import { inRanges } from "../../ranges.ts";
import { distinctCriteria, type SortColumn, sortMessages } from "../../sort_messages.ts";
import type { Database } from "../database.ts";
import { mailboxById } from "../records.ts";
import { among, asksOnlyUids, between } from "./known_order.ts";
import { contentsOf, isSame, type Slot } from "./order_cache.ts";
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

/** Takes it of an order that is known, or searches and reads of what was found the narrow columns that decide. */
export const sort: SlicedQuery<"sort"> = function* (db, { mailboxId, request }, context) {
  const { key } = request;
  const order = distinctCriteria(request.order);
  // What is relevant depends on the search.
  const slot = order.some(({ by }) => by === "relevancy") ? null : slotOf(mailboxId, order);
  if (slot !== null && asksOnlyUids(key)) {
    const known = context.orders.order(db, slot);
    if (known !== null) return between(known, uidBounds(key));
  }
  const before = mailboxById(db, mailboxId);
  const found = yield* search(db, { mailboxId, key }, context);
  const known = slot === null ? null : context.orders.order(db, slot);
  const picked = known === null ? null : among(known, found);
  if (picked !== null) return picked;
  const sorted = yield* sortAnew(db, { mailboxId, found, order }, request.best ?? []);
  const after = mailboxById(db, mailboxId);
  if (slot !== null && before !== null && after !== null && sorted.length === after.messages) {
    const contents = contentsOf(after);
    if (isSame(contentsOf(before), contents)) context.orders.keep(slot, contents, [sorted]);
  }
  return sorted;
};

interface SortTask {
  readonly mailboxId: number;
  readonly found: Uint32Array;
  readonly order: SortOrder;
}

function* sortAnew(
  db: Database,
  { mailboxId, found, order }: SortTask,
  best: UidRanges,
): Generator<number, Uint32Array<ArrayBuffer>> {
  const columns = order.map(({ by }) => by === "relevancy" ? "m.uid" : COLUMNS[by]);
  const { uids, values } = yield* readColumns(db, { mailboxId, uids: found }, { columns });
  const input = order.map(({ by }, place): SortColumn =>
    by === "relevancy" ? uids.map((uid) => inRanges(best, uid) ? 0 : 1) : values[place]!
  );
  return (yield* sortMessages({ uids: Uint32Array.from(uids), columns: input }, order)) as Uint32Array<
    ArrayBuffer
  >;
}

function slotOf(mailboxId: number, order: SortOrder): Slot {
  return { mailboxId, name: order.map(({ by, descending }) => descending ? `-${by}` : by).join(" ") };
}
