/**
 * Substring search in decoded headers and text parts. A part is decoded in windows, so that a text of 50 MB needs no 50
 * MB of strings; what may begin in one window and end in the next is carried over.
 */
import { toNfkd } from "../core/unicode.ts";
import type { Part } from "../wire/mime/digest.ts";
import { openCharset } from "../wire/mime/charset.ts";
import { decodeWords, headerFields, openTransfer, parameter, textParts } from "../wire/mime/mod.ts";
import type { SearchKey } from "./search.ts";

/** Reads a range of the message's bytes. */
export interface HeaderSource {
  read(start: number, end: number): Uint8Array;
}

/** How much of one header is looked into; no real header comes near. */
const MAX_HEADER = 1024 * 1024;
/** How many encoded bytes are decoded at a time. */
const WINDOW = 128 * 1024;

/**
 * Makes texts comparable as i;unicode-casemap does (RFC 5051, RFC 5255 section 3.1): without case, letters taken apart, so that
 * `cafe` is found in `Café`. Beyond it one letter may equal two (ß and SS). Where a text is cut makes no difference but
 * for the order of marks on one letter.
 */
export function foldText(text: string): string {
  return (isAscii(text) ? text : toNfkd(text)).toUpperCase();
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

export function* fieldMatches(
  source: HeaderSource,
  top: Part,
  key: Extract<SearchKey, { kind: "header" }>,
): Generator<number, boolean> {
  const name = key.field.toLowerCase();
  const needle = foldText(key.text);
  const header = readHeader(source, top);
  yield header.length;
  for (const field of headerFields(header)) {
    if (field.name === name && foldText(decodeWords(field.value)).includes(needle)) return true;
  }
  return false;
}

export function* textMatches(
  source: HeaderSource,
  top: Part,
  key: Extract<SearchKey, { kind: "body" | "text" }>,
): Generator<number, boolean> {
  const needle = foldText(key.text);
  if (needle === "") return true;
  if (key.kind === "text") {
    for (const part of allParts(top)) {
      const header = readHeader(source, part);
      yield header.length;
      for (const field of headerFields(header)) {
        if (foldText(`${field.name}: ${decodeWords(field.value)}`).includes(needle)) return true;
      }
    }
  }
  for (const part of textParts(top)) {
    if (yield* partMatches(source, part, needle)) return true;
  }
  return false;
}

export function readHeader(source: HeaderSource, part: Part): Uint8Array {
  return source.read(part.headerStart, Math.min(part.bodyStart, part.headerStart + MAX_HEADER));
}

/** Every part with a header of its own, also inside attached messages; a list instead of recursion. */
export function* allParts(top: Part): Generator<Part> {
  const waiting: Part[] = [top];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    yield part;
    if (part.message !== null) waiting.push(part.message.part);
    waiting.push(...part.children);
  }
}

function* partMatches(source: HeaderSource, part: Part, needle: string): Generator<number, boolean> {
  let carried = "";
  for (const piece of decodedPieces(source, part)) {
    yield piece.length;
    const text = carried + foldText(piece);
    if (text.includes(needle)) return true;
    carried = needle.length > 1 ? text.slice(1 - needle.length) : "";
  }
  return false;
}

/** The part's text, decoded window by window. */
export function* decodedPieces(source: HeaderSource, part: Part): Generator<string, void> {
  const transfer = openTransfer(part.encoding);
  const charset = openCharset(parameter(part.params, "charset"));
  for (let at = part.bodyStart; at < part.bodyEnd; at += WINDOW) {
    yield charset.push(transfer.push(source.read(at, Math.min(at + WINDOW, part.bodyEnd))));
  }
  yield charset.push(transfer.end()) + charset.end();
}
