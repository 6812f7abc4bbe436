import type { ByteRange } from "../../store/mod.ts";
import { no } from "../../wire/imap/mod.ts";
import { findPart, openTransfer } from "../../wire/mime/mod.ts";
import { Rejection } from "./errors.ts";
import type { FetchRow } from "./fetch_rows.ts";
import { cut } from "./sections.ts";

/** A part as it is stored, and how it is encoded. */
export interface EncodedPart {
  readonly range: ByteRange;
  readonly encoding: string;
}

/** What a part is without its encoding. */
export interface Measured {
  /** The bytes of the whole part. */
  readonly size: number;
  /** The bytes that were asked for, within those. */
  readonly wanted: ByteRange;
  /** Among those is a NUL, so that only a literal8 can hold them. */
  readonly hasNul: boolean;
  /** The bytes that were asked for, when they are few. */
  readonly bytes: readonly Uint8Array[] | null;
}

/** What is kept of a part while it is measured, so that it need not be read twice. */
const KEPT = 256 * 1024;

const IDENTITY: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);
const ENCODINGS: ReadonlySet<string> = new Set([...IDENTITY, "base64", "quoted-printable"]);

/**
 * Finds what BINARY[...] means (RFC 3516 section 4.2); null when the message has no such part. The message itself, and what
 * holds others, is not encoded. Throws NO [UNKNOWN-CTE].
 */
export function locateBinary(path: readonly number[], row: FetchRow): EncodedPart | null {
  if (path.length === 0) return { range: { start: 0, end: row.size }, encoding: "binary" };
  if (!("digest" in row)) throw new Error("A part of a message needs its structure");
  const part = findPart(row.digest.structure, path);
  if (part === null) return null;
  const range = { start: part.bodyStart, end: Math.max(part.bodyStart, part.bodyEnd) };
  if (part.type === "multipart" || part.message !== null) return { range, encoding: "binary" };
  if (!ENCODINGS.has(part.encoding)) {
    throw new Rejection(no("The part has an encoding that nobody here knows", { code: "UNKNOWN-CTE" }));
  }
  return { range, encoding: part.encoding };
}

/** Whether the size of the part is known without reading it. */
export function isPlain({ encoding }: EncodedPart): boolean {
  return IDENTITY.has(encoding);
}

/** Reads a part once, to know what must be announced before its bytes. */
export async function measure(
  chunks: AsyncIterable<Uint8Array>,
  partial: { readonly start: number; readonly length: number } | null,
): Promise<Measured> {
  const { start, end } = partial === null
    ? { start: 0, end: Infinity }
    : { start: partial.start, end: partial.start + partial.length };
  let size = 0;
  let hasNul = false;
  let kept: Uint8Array[] | null = [];
  let held = 0;
  for await (const chunk of chunks) {
    const wanted = chunk.subarray(Math.max(0, start - size), Math.max(0, end - size));
    size += chunk.length;
    hasNul ||= wanted.includes(0);
    held += wanted.length;
    if (held > KEPT) kept = null;
    else if (wanted.length > 0) kept?.push(wanted);
  }
  const wanted = partial === null ? { start: 0, end: size } : cut({ start: 0, end: size }, partial);
  return { size, wanted, hasNul, bytes: kept };
}

/** The part without its encoding, piece by piece. */
export async function* decoded(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array, void> {
  const decoder = openTransfer(encoding);
  for await (const chunk of chunks) {
    const bytes = decoder.push(chunk);
    if (bytes.length > 0) yield bytes;
  }
  const rest = decoder.end();
  if (rest.length > 0) yield rest;
}

/** The bytes of a range of what comes. */
export async function* within(
  chunks: AsyncIterable<Uint8Array>,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array, void> {
  let at = 0;
  for await (const chunk of chunks) {
    const piece = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += chunk.length;
    if (piece.length > 0) yield piece;
    if (at >= end) return;
  }
}
