/**
 * How message rows cross from a worker to the main thread: the numbers in one array that is transferred, texts only where
 * there are any.
 */
import { listFlags } from "../flags.ts";
import type { MessageRow, MessageRowWithDigest } from "../mod.ts";

/** The columns of a packed row, in order. */
export const ROW_COLUMNS = "m.uid, m.modseq, m.flags, m.internal_date, m.size, m.body_id, m.keywords";

export type RowArray = [
  uid: number,
  modseq: number,
  flags: number,
  internalDate: number,
  size: number,
  bodyId: number,
  keywords: string | null,
];
export type RowArrayWithDigest = [...RowArray, digest: string];

export interface PackedRows {
  readonly count: number;
  /** Six numbers for each row. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** One text for each row; null when no row has keywords. */
  readonly keywords: readonly string[] | null;
}

export interface PackedDigests extends PackedRows {
  /** JSON. */
  readonly digests: readonly string[];
}

const NUMBERS = 6;

export function packRows(rows: readonly (RowArray | RowArrayWithDigest)[]): PackedRows {
  const numbers = new Float64Array(rows.length * NUMBERS);
  let hasKeywords = false;
  rows.forEach((row, place) => {
    for (let i = 0; i < NUMBERS; i++) numbers[place * NUMBERS + i] = row[i] as number;
    if (row[NUMBERS] !== null) hasKeywords = true;
  });
  return {
    count: rows.length,
    numbers,
    keywords: hasKeywords ? rows.map((row) => row[NUMBERS] as string | null ?? "") : null,
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
  return {
    uid: numbers[at]!,
    modseq: numbers[at + 1]!,
    flags: listFlags(numbers[at + 2]!, packed.keywords?.[place] ?? ""),
    internalDate: numbers[at + 3]!,
    size: numbers[at + 4]!,
    bodyId: numbers[at + 5]!,
  };
}
