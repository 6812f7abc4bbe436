/** The rows of messages: finding those that UIDs name, and many at once. */
import type { UidRanges } from "../../mod.ts";
import { inRangesSql, ROW_COLUMNS, type RowArray } from "../rows.ts";
import type { WriteContext } from "./context.ts";

const IN_RANGES = inRangesSql({ columns: ROW_COLUMNS });
const DELETED_IN_RANGES = inRangesSql({
  columns: ROW_COLUMNS,
  index: "INDEXED BY messages_deleted",
  condition: "AND m.flags & 8 <> 0",
});

interface RowFilter {
  readonly limit: number;
  /** Only those with \Deleted, which costs what there is of them. */
  readonly deleted?: boolean;
}

/**
 * The rows in the ranges, ascending, and each once even if ranges overlap: what is counted by them must be right. `next` is the UID
 * to go on from; null when that is all.
 */
export function rowsIn(
  { db }: WriteContext,
  mailboxId: number,
  uids: UidRanges,
  { limit, deleted = false }: RowFilter,
): { readonly rows: RowArray[]; readonly next: number | null } {
  const most = Math.min(limit, 0x7fffffff);
  const ranges = apart(uids);
  const rows = db.arrays<RowArray>(
    deleted ? DELETED_IN_RANGES : IN_RANGES,
    JSON.stringify(ranges),
    mailboxId,
    most,
  );
  const last = rows[most - 1]?.[0];
  return { rows, next: last === undefined || last >= ranges.at(-1)![1] ? null : last + 1 };
}

/** The ranges without what an earlier one has covered. */
function apart(uids: UidRanges): UidRanges {
  let covered = 0;
  const ranges: (readonly [number, number])[] = [];
  for (const [from, to] of uids) {
    if (to <= covered) continue;
    ranges.push([Math.max(from, covered + 1), to]);
    covered = to;
  }
  return ranges;
}

/** The UIDs as a JSON text, which SQLite takes apart itself. */
export function uidList(rows: readonly RowArray[]): string {
  return JSON.stringify(rows.map((row) => row[0]));
}

export function deleteRows({ db }: WriteContext, mailboxId: number, uids: string): void {
  db.run(
    "DELETE FROM messages WHERE mailbox_id = ? AND uid IN (SELECT value FROM json_each(?))",
    mailboxId,
    uids,
  );
}
