import { concatBytes } from "../../../core/bytes.ts";
import { FieldPicker } from "../../../wire/mime/mod.ts";
import type { HeaderPick } from "../../mod.ts";
import type { Database } from "../database.ts";
import { CHUNKS_PER_BODY, type PackedParts } from "../protocol.ts";
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
    const most = wanted.reduce((longest, { end }) => Math.max(longest, end), 0);
    const ids = JSON.stringify(wanted.map(({ bodyId }) => bodyId));
    const rows = db.arrays<Found>(FIRST_CHUNKS, most, most, ids);
    const parts: (Uint8Array | null)[] = [];
    for (const row of rows) {
      // Rows come in the order of the list, but not for all of it.
      while (parts.length < row[0]) parts.push(readAlone(db, wanted[parts.length]!));
      const part = wanted[row[0]]!;
      parts.push(partOf(row, part) ?? readAlone(db, part));
    }
    while (parts.length < wanted.length) parts.push(readAlone(db, wanted[parts.length]!));
    return pick === null ? pack(parts) : packFields(parts, pick);
  });

function unpackReads(reads: Float64Array): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < reads.length; at += NUMBERS) {
    parts.push({ bodyId: reads[at]!, start: reads[at + 1]!, end: reads[at + 2]! });
  }
  return parts;
}

function pack(parts: readonly (Uint8Array | null)[]): PackedParts {
  return {
    bytes: concatBytes(parts.filter((part) => part !== null)),
    sizes: Float64Array.from(parts, (part) => part?.length ?? -1),
  };
}

function packFields(headers: readonly (Uint8Array | null)[], { fields, mode }: HeaderPick): PackedParts {
  const picker = new FieldPicker(fields, mode);
  let room = 0;
  for (const header of headers) room += (header?.length ?? 0) + FieldPicker.MOST_ADDED;
  const bytes = new Uint8Array(room);
  const sizes = new Float64Array(headers.length);
  let end = 0;
  for (let place = 0; place < headers.length; place++) {
    const header = headers[place]!;
    const start = end;
    if (header !== null) end = picker.pick(header, { to: bytes, at: start });
    sizes[place] = header === null ? -1 : end - start;
  }
  return { bytes: bytes.subarray(0, end), sizes };
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
