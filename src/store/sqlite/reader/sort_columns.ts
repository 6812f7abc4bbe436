import type { Database } from "../database.ts";

/** Rows read at a time: some milliseconds. */
const SLICE_ROWS = 5000;
/** What a value costs next to looking at one byte. */
const VALUE_COST = 10;

/** A column of a message or of its sort keys, as JSON carries it: numbers and texts. */
export type ColumnSql =
  | "m.uid"
  | "m.internal_date"
  | "m.size"
  | "coalesce(k.sent_at, m.internal_date)"
  | "k.cc_local"
  | "k.display_from"
  | "k.display_to"
  | "k.from_local"
  | "k.is_reply"
  | "k.subject"
  | "k.to_local"
  | "length(k.links)";

export interface Columns {
  /** Those of the UIDs asked for that are still there. */
  readonly uids: number[];
  readonly values: (number[] | string[])[];
  /** Everyone's links, one behind the other; empty when they were not asked for. */
  readonly links: Float64Array[];
}

/** Reads columns of these messages. A text that SQLite builds of a slice is read faster than its rows one by one. */
export function* readColumns(
  db: Database,
  { mailboxId, uids }: { readonly mailboxId: number; readonly uids: Uint32Array },
  { columns, withLinks = false }: { readonly columns: readonly ColumnSql[]; readonly withLinks?: boolean },
): Generator<number, Columns> {
  const read: Columns = { uids: [], values: columns.map(() => []), links: [] };
  for (let at = 0; at < uids.length; at += SLICE_ROWS) {
    const slice = uids.subarray(at, at + SLICE_ROWS);
    const [first, last] = [slice[0]!, slice.at(-1)!];
    const isWhole = last - first === slice.length - 1;
    // Not kept: there are as many statements as there are lists of criteria.
    const rows = db.arraysOnce<[uids: string, links: Uint8Array | null, ...values: string[]]>(
      statement(columns, withLinks, isWhole ? "BETWEEN ? AND ?" : "IN (SELECT value FROM json_each(?))"),
      mailboxId,
      ...isWhole ? [first, last] : [JSON.stringify([...slice])],
    );
    const [found, links, ...texts] = rows[0]!;
    append(read.uids, JSON.parse(found));
    texts.forEach((text, place) => append(read.values[place]! as unknown[], JSON.parse(text)));
    if (links !== null && links.length > 0) read.links.push(new Float64Array(links.slice().buffer));
    yield slice.length * (columns.length + 1) * VALUE_COST;
  }
  return read;
}

function statement(columns: readonly ColumnSql[], withLinks: boolean, condition: string): string {
  const lists = columns.map((column) => `json_group_array(${column})`);
  // Bytes put together as if they were text: SQLite leaves them as they are.
  const links = withLinks ? "CAST(group_concat(k.links, '') AS BLOB)" : "NULL";
  return `SELECT ${["json_group_array(m.uid)", links, ...lists].join(", ")}
    FROM messages m CROSS JOIN sort_keys k ON k.body_id = m.body_id
    WHERE m.mailbox_id = ? AND m.uid ${condition}`;
}

function append<T>(to: T[], values: readonly T[]): void {
  for (const value of values) to.push(value);
}
