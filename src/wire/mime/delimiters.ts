/** Boundary delimiter lines (RFC 2046 section 5.1.1). */
import { encodeUtf8, LF } from "../../core/bytes.ts";
import type { Parameters } from "./digest.ts";
import { parameter } from "./part_header.ts";

/** A longer line is no delimiter. RFC 2046 allows 70 characters; some programs write twice as many. */
export const LONGEST_DELIMITER = 1024;

const DASH = 45;
const CR = 13;

/** The boundary of a multipart, or null when it has none that can occur. */
export function boundaryOf(params: Parameters): Uint8Array | null {
  // Section 5.1.1: a boundary does not end in white space, since that may be added on the way.
  const boundary = encodeUtf8((parameter(params, "boundary") ?? "").trimEnd());
  return boundary.length === 0 || boundary.length > LONGEST_DELIMITER - 6 ? null : boundary;
}

/**
 * Whether the line `bytes[start, end)`, which begins with two dashes, is a delimiter of this boundary. Only white
 * space may follow, so that a boundary which is the beginning of another one is never mistaken for it.
 */
export function matchDelimiter(
  bytes: Uint8Array,
  line: { readonly start: number; readonly end: number },
  boundary: Uint8Array,
): "open" | "close" | null {
  const from = line.start + 2;
  let end = line.end;
  while (end > from && isPadding(bytes[end - 1]!)) end--;
  const extra = end - from - boundary.length;
  if (extra !== 0 && extra !== 2) return null;
  for (let i = 0; i < boundary.length; i++) if (bytes[from + i] !== boundary[i]) return null;
  if (extra === 0) return "open";
  return bytes[end - 1] === DASH && bytes[end - 2] === DASH ? "close" : null;
}

function isPadding(byte: number): boolean {
  return byte === LF || byte === CR || byte === 32 || byte === 9;
}
