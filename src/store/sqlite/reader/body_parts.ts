import { concatBytes } from "../../../core/bytes.ts";
import { selectHeader } from "../../../wire/mime/mod.ts";
import type { Database } from "../database.ts";
import { CHUNKS_PER_BODY } from "../protocol.ts";
import { StoredBody, unpackChunk } from "./body.ts";
import type { Query } from "./query.ts";

type Found = [
  place: number,
  prefixSize: number,
  packed: number,
  data: Uint8Array<ArrayBuffer>,
  prefix: Uint8Array<ArrayBuffer> | null,
];

/**
 * The bodies, each with its prefix and the beginning of its first chunk, for the values: how much of a chunk is wanted, and a list of
 * bodies as JSON. One statement for all; a packed chunk must come whole.
 */
const FIRST_CHUNKS = `SELECT r.key, b.prefix_size, c.packed,
  CASE WHEN c.packed = 0 AND length(c.data) > ? THEN substr(c.data, 1, ?) ELSE c.data END,
  CASE WHEN b.prefix_size > 0 THEN (SELECT prefix FROM heads WHERE body_id = b.id) END
  FROM json_each(?) r CROSS JOIN bodies b ON b.id = r.value AND b.refs > 0
  CROSS JOIN chunks c ON c.id = b.id * ${CHUNKS_PER_BODY}`;

const NUMBERS = 3;

interface Part {
  readonly bodyId: number;
  readonly start: number;
  readonly end: number;
}

/** What is spread over several chunks, or has none, is read by itself. */
export const bodyParts: Query<"bodyParts"> = (db, { reads, pick }) =>
  db.snapshot(() => {
    const wanted = unpackReads(reads);
    const found: (Uint8Array | null)[] = wanted.map(() => null);
    const most = wanted.reduce((longest, { end }) => Math.max(longest, end), 0);
    const ids = JSON.stringify(wanted.map(({ bodyId }) => bodyId));
    for (const row of db.arrays<Found>(FIRST_CHUNKS, most, most, ids)) {
      found[row[0]] = partOf(row, wanted[row[0]]!);
    }
    const sizes = new Float64Array(wanted.length);
    const parts: Uint8Array[] = [];
    for (const [place, part] of wanted.entries()) {
      const bytes = found[place] ?? readAlone(db, part);
      const shown = bytes === null || pick === null ? bytes : selectHeader(bytes, pick.fields, pick.mode);
      sizes[place] = shown?.length ?? -1;
      if (shown !== null) {
        parts.push(shown);
      }
    }
    return { bytes: concatBytes(parts), sizes };
  });

function unpackReads(reads: Float64Array): Part[] {
  return Array.from({ length: reads.length / NUMBERS }, (_, place) => {
    const at = place * NUMBERS;
    return { bodyId: reads[at]!, start: reads[at + 1]!, end: reads[at + 2]! };
  });
}

/** Null when the part goes beyond the first chunk, or something is wrong with it. */
function partOf([, prefixSize, packed, stored, prefix]: Found, { start, end }: Part): Uint8Array | null {
  if (prefixSize > 0 && start < prefixSize) {
    if (prefix === null || end <= prefixSize) return prefix?.subarray(start, end) ?? null;
  }
  const data = tryUnpack(packed, stored);
  if (data === null || end > prefixSize + data.length) return null;
  if (start >= prefixSize) return data.subarray(start - prefixSize, end - prefixSize);
  return concatBytes([prefix!.subarray(start), data.subarray(0, end - prefixSize)]);
}

function tryUnpack(packed: number, stored: Uint8Array<ArrayBuffer>): Uint8Array | null {
  try {
    return unpackChunk(packed, stored);
  } catch {
    return null;
  }
}

/** Null when it fails, in whatever way: who asks hears the reason when he reads that one alone. */
function readAlone(db: Database, { bodyId, start, end }: Part): Uint8Array | null {
  try {
    const bytes = new StoredBody(db, bodyId).read(start, end);
    return bytes.length === end - start ? bytes : null;
  } catch {
    return null;
  }
}
