/**
 * How message rows cross from a worker to the main thread: the numbers in one array that is transferred, texts only where
 * there are any.
 */
import { concatBytes } from "../../core/bytes.ts";
import { listFlags } from "../flags.ts";
import type { MessageRow, MessageRowWithDigest, ShownRow } from "../mod.ts";
import { showTexts } from "../shown_texts.ts";

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
export type ShownRowArray = [
  ...RowArray,
  headerSize: number,
  envelopeSize: number,
  texts: Uint8Array | null,
  /** Where the texts must be made from it. */
  digest: string | null,
];

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

export interface PackedShown extends PackedRows {
  /** Of each message: the size of its header, the end of its ENVELOPE and of its BODYSTRUCTURE in `texts`. */
  readonly places: Uint32Array<ArrayBuffer>;
  readonly texts: Uint8Array<ArrayBuffer>;
}

const PLACES = 3;
const NUMBERS = 7;
const KEYWORDS = 6;
const SAVED_AT = 7;
const HEADER_SIZE = 8;
const ENVELOPE_SIZE = 9;
const TEXTS = 10;
const DIGEST = 11;

export function packRows(rows: readonly (RowArray | RowArrayWithDigest | ShownRowArray)[]): PackedRows {
  const numbers = new Float64Array(rows.length * NUMBERS);
  let hasKeywords = false;
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]!;
    const at = place * NUMBERS;
    for (let i = 0; i < KEYWORDS; i++) numbers[at + i] = row[i] as number;
    numbers[at + KEYWORDS] = row[SAVED_AT] ?? NaN;
    if (row[KEYWORDS] !== null) hasKeywords = true;
  }
  return {
    count: rows.length,
    numbers,
    keywords: hasKeywords ? rows.map((row) => row[KEYWORDS] as string | null ?? "") : null,
  };
}

export function packShown(rows: readonly ShownRowArray[]): PackedShown {
  const places = new Uint32Array(rows.length * PLACES);
  const parts: Uint8Array[] = [];
  let end = 0;
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]!;
    const at = place * PLACES;
    places[at] = row[HEADER_SIZE];
    const digest = row[DIGEST];
    if (digest !== null) {
      const { envelope, structure } = showTexts(JSON.parse(digest), { utf8: true });
      parts.push(envelope, structure);
      places[at + 1] = end + envelope.length;
      end += envelope.length + structure.length;
    } else {
      const texts = row[TEXTS];
      if (texts !== null) parts.push(texts);
      places[at + 1] = end + row[ENVELOPE_SIZE];
      end += texts?.length ?? 0;
    }
    places[at + 2] = end;
  }
  return { ...packRows(rows), places, texts: concatBytes(parts) };
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

export function unpackShown(packed: PackedShown): ShownRow[] {
  const { count, places, texts } = packed;
  const rows: ShownRow[] = [];
  for (let place = 0, start = 0; place < count; place++) {
    const row = unpackRow(packed, place);
    const [headerSize, middle, end] = [
      places[place * PLACES]!,
      places[place * PLACES + 1]!,
      places[place * PLACES + 2]!,
    ];
    // A few thousand times: spelled out, since a spread takes three times as long.
    rows.push({
      uid: row.uid,
      modseq: row.modseq,
      flags: row.flags,
      internalDate: row.internalDate,
      size: row.size,
      bodyId: row.bodyId,
      savedAt: row.savedAt,
      headerSize,
      envelope: start === end ? NO_TEXT : texts.subarray(start, middle),
      structure: start === end ? NO_TEXT : texts.subarray(middle, end),
    });
    start = end;
  }
  return rows;
}

const NO_TEXT = new Uint8Array(0);

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
