/**
 * How message rows cross from a worker to the main thread: the numbers in one array that is transferred, texts only where
 * there are any.
 */
import { listFlags } from "../flags.ts";
import type { MessageRow, MessageRowWithDigest } from "../mod.ts";

/** The columns of a packed row, in order. */
export const ROW_COLUMNS =
  "m.uid, m.modseq, m.flags, m.internal_date, m.size, m.body_id, m.keywords, m.saved_at";

/**
 * Finds messages `m` of a mailbox in ranges, for the values: ranges (JSON), mailbox, limit. One statement for all of them; a
 * statement for each would cost ten times as much where there are many. They come in the order of the ranges, and of the UIDs in
 * each: that is how SQLite runs a CROSS JOIN, whose order it never changes.
 */
export function inRangesSql(
  parts: {
    readonly columns: string;
    readonly index?: string;
    readonly condition?: string;
    readonly join?: string;
  },
): string {
  const { columns, index = "", condition = "", join = "" } = parts;
  return `SELECT ${columns} FROM json_each(?) r CROSS JOIN messages m ${index}
    ON m.mailbox_id = ? AND m.uid BETWEEN r.value ->> 0 AND r.value ->> 1 ${condition} ${join} LIMIT ?`;
}

export type RowArray = [
  uid: number,
  modseq: number,
  flags: number,
  internalDate: number,
  size: number,
  bodyId: number,
  keywords: string | null,
  savedAt: number | null,
];
export type RowArrayWithDigest = [...RowArray, digest: string];

export interface PackedRows {
  readonly count: number;
  /** Seven numbers for each row; the last one, `savedAt`, is NaN for null. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** One text for each row; null when no row has keywords. */
  readonly keywords: readonly string[] | null;
}

export interface PackedDigests extends PackedRows {
  /** JSON. */
  readonly digests: readonly string[];
}

const NUMBERS = 7;
const KEYWORDS = 6;
const SAVED_AT = 7;

export function packRows(rows: readonly (RowArray | RowArrayWithDigest)[]): PackedRows {
  const numbers = new Float64Array(rows.length * NUMBERS);
  let hasKeywords = false;
  rows.forEach((row, place) => {
    const at = place * NUMBERS;
    for (let i = 0; i < KEYWORDS; i++) numbers[at + i] = row[i] as number;
    numbers[at + KEYWORDS] = row[SAVED_AT] as number | null ?? NaN;
    if (row[KEYWORDS] !== null) hasKeywords = true;
  });
  return {
    count: rows.length,
    numbers,
    keywords: hasKeywords ? rows.map((row) => row[KEYWORDS] as string | null ?? "") : null,
  };
}

export function unpackRows(packed: PackedRows): MessageRow[] {
  return Array.from({ length: packed.count }, (_, place) => unpackRow(packed, place));
}

export function unpackDigests(packed: PackedDigests): MessageRowWithDigest[] {
  return packed.digests.map((digest, place) => ({
    ...unpackRow(packed, place),
    digest: JSON.parse(digest),
  }));
}

function unpackRow(packed: PackedRows, place: number): MessageRow {
  const at = place * NUMBERS;
  const { numbers } = packed;
  const savedAt = numbers[at + KEYWORDS]!;
  return {
    uid: numbers[at]!,
    modseq: numbers[at + 1]!,
    flags: listFlags(numbers[at + 2]!, packed.keywords?.[place] ?? ""),
    internalDate: numbers[at + 3]!,
    size: numbers[at + 4]!,
    bodyId: numbers[at + 5]!,
    savedAt: Number.isNaN(savedAt) ? null : savedAt,
  };
}
