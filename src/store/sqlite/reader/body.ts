import { zstdDecompressSync } from "node:zlib";
import { concatBytes } from "../../../core/bytes.ts";
import type { Database } from "../database.ts";
import { type BodyPieces, CHUNK_BYTES, CHUNKS_PER_BODY } from "../protocol.ts";

/** The body was removed meanwhile, or never was. */
export class BodyGone extends Error {
  override readonly name = "BodyGone";
}

/**
 * The bytes of one body: its prefix, then chunks of a fixed size, so that the place of any byte is found by arithmetic.
 */
export class StoredBody {
  readonly #db: Database;
  readonly #id: number;
  readonly #prefixSize: number;
  readonly size: number;

  constructor(db: Database, id: number) {
    const row = db.get<{ size: number; prefix_size: number }>(
      "SELECT size, prefix_size FROM bodies WHERE id = ? AND refs > 0",
      id,
    );
    if (row === undefined) throw new BodyGone(`There is no body ${id}`);
    this.#db = db;
    this.#id = id;
    this.size = row.size;
    this.#prefixSize = row.prefix_size;
  }

  /** At most `most` pieces, none longer than a chunk, from `start` on. */
  pieces(start: number, end: number, most: number): BodyPieces {
    const last = Math.min(end, this.size);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let at = Math.max(0, start);
    while (at < last && pieces.length < most) {
      // A small message goes out whole, though its prefix lies apart.
      const piece = last <= CHUNK_BYTES ? this.#span(at, last) : this.#piece(at, last);
      pieces.push(piece);
      at += piece.length;
    }
    return { pieces, next: at < last ? at : null };
  }

  /** All bytes of a range at once: for parts of headers and texts. */
  read(start: number, end: number): Uint8Array {
    return this.#span(Math.max(0, start), Math.min(end, this.size));
  }

  #span(start: number, end: number): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let at = start; at < end;) {
      const piece = this.#piece(at, end);
      parts.push(piece);
      at += piece.length;
    }
    return parts.length === 1 ? parts[0]! : concatBytes(parts);
  }

  /** The bytes from `at` to the end of what they lie in, or to `end`. */
  #piece(at: number, end: number): Uint8Array<ArrayBuffer> {
    if (at < this.#prefixSize) return cut(this.#prefix(), at, Math.min(end, this.#prefixSize));
    const place = Math.floor((at - this.#prefixSize) / CHUNK_BYTES);
    const begin = this.#prefixSize + place * CHUNK_BYTES;
    const piece = cut(this.#chunk(place), at - begin, end - begin);
    if (piece.length === 0) throw new BodyGone(`Body ${this.#id} ends too early`);
    return piece;
  }

  #prefix(): Uint8Array<ArrayBuffer> {
    const row = this.#db.get<{ prefix: Uint8Array<ArrayBuffer> | null }>(
      "SELECT prefix FROM heads WHERE body_id = ?",
      this.#id,
    );
    if (row === undefined || row.prefix === null) throw new BodyGone(`There is no body ${this.#id} any more`);
    return row.prefix;
  }

  #chunk(place: number): Uint8Array<ArrayBuffer> {
    return readChunk(this.#db, this.#id, place);
  }
}

export function readChunk(db: Database, bodyId: number, place: number): Uint8Array<ArrayBuffer> {
  const row = db.get<{ packed: number; data: Uint8Array<ArrayBuffer> }>(
    "SELECT packed, data FROM chunks WHERE id = ?",
    bodyId * CHUNKS_PER_BODY + place,
  );
  if (row === undefined) throw new BodyGone(`There is no body ${bodyId} any more`);
  return unpackChunk(row.packed, row.data);
}

/** The bytes of a chunk as they were before they were stored. */
export function unpackChunk(packed: number, stored: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (packed === 0) return stored;
  const data = zstdDecompressSync(stored, { maxOutputLength: CHUNK_BYTES });
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
}

/** A part that owns its buffer, so that it can be transferred. */
function cut(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): Uint8Array<ArrayBuffer> {
  const ownsBuffer = bytes.byteLength === bytes.buffer.byteLength;
  return start === 0 && end >= bytes.length && ownsBuffer ? bytes : bytes.slice(start, end);
}
