/**
 * A header as fields (RFC 5322 section 2.2). A line that is no field, no continuation and not blank ends the header,
 * as in Postfix and Sendmail, because that is what a missing blank line looks like. Only a first line
 * `From ...`, left over from an mbox file, is passed over. LF alone ends a line as CR LF does.
 */
import { encodeLatin1, LF, tryDecodeUtf8 } from "../../core/bytes.ts";
import { decodeWindows1252 } from "./charset.ts";
import { trimSpace } from "./field_scanner.ts";

export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** Unfolded, without white space at its ends; never holds CR, LF or NUL. UTF-8 if it is that, else windows-1252. */
  readonly value: string;
  /** Its bytes within the header, with the line's end. */
  readonly start: number;
  readonly end: number;
}

/** A field whose value has not been looked at yet. */
export interface FieldSpan {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

export type LineKind = "blank" | "continuation" | "field" | "mbox" | "other";

const CR = 13;
const COLON = 58;

/** No field name is longer than this; it also bounds how much of a line must be seen to tell its kind. */
export const LONGEST_NAME = 1000;

/** What the line at `start` is, within a header. `end` may cut a line short that is longer than `LONGEST_NAME`. */
export function lineKind(bytes: Uint8Array, start: number, end: number, first: boolean): LineKind {
  const byte = bytes[start];
  if (byte === LF || (byte === CR && end > start + 1 && bytes[start + 1] === LF)) return "blank";
  if (byte === 32 || byte === 9) return first ? "other" : "continuation";
  if (colonOf(bytes, start, end) >= 0) return "field";
  return first && isMboxLine(bytes, start, end) ? "mbox" : "other";
}

/** The index of the colon behind a field's name; -1 when the line is no field. */
function colonOf(bytes: Uint8Array, start: number, end: number): number {
  const last = Math.min(end, start + LONGEST_NAME);
  let i = start;
  while (i < last && bytes[i]! > 32 && bytes[i] !== COLON && bytes[i] !== 127) i++;
  if (i === start) return -1;
  // Section 4.5: white space may stand before the colon.
  while (i < last && (bytes[i] === 32 || bytes[i] === 9)) i++;
  return i < last && bytes[i] === COLON ? i : -1;
}

/** `From ` or, escaped once more, `>From `. */
function isMboxLine(bytes: Uint8Array, start: number, end: number): boolean {
  const at = bytes[start] === 62 ? start + 1 : start;
  return at + 5 <= end && bytes[at] === 70 && bytes[at + 1] === 114 && bytes[at + 2] === 111 &&
    bytes[at + 3] === 109 && bytes[at + 4] === 32;
}

/** A header cut into fields; values are decoded when they are asked for. */
export class HeaderReader {
  readonly spans: FieldSpan[] = [];
  readonly #bytes: Uint8Array;
  /** One character per byte; made when a value is asked for. */
  #text: string | null = null;

  constructor(header: Uint8Array) {
    this.#bytes = header;
    this.#split();
  }

  #split(): void {
    const bytes = this.#bytes;
    let open: { name: string; start: number; valueStart: number } | null = null;
    let at = 0;
    while (at < bytes.length) {
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf + 1;
      const kind = lineKind(bytes, at, end, at === 0);
      if (kind !== "continuation") {
        if (open !== null) this.spans.push({ ...open, end: at });
        open = null;
      }
      if (kind === "blank" || kind === "other") return;
      if (kind === "field") {
        const colon = colonOf(bytes, at, end);
        open = {
          name: fieldName(bytes, at, colon),
          start: at,
          valueStart: colon + 1,
        };
      }
      at = end;
    }
    if (open !== null) this.spans.push({ ...open, end: bytes.length });
  }

  value(span: FieldSpan): string {
    this.#text ??= decodeWindows1252(this.#bytes);
    let raw = this.#text.slice(span.valueStart, span.end);
    if (/[^\x00-\x7f]/.test(raw)) raw = tryDecodeUtf8(this.#bytes.subarray(span.valueStart, span.end)) ?? raw;
    return unfold(raw);
  }
}

/** In lower case. */
function fieldName(bytes: Uint8Array, start: number, colon: number): string {
  const end = nameEnd(bytes, colon);
  let name = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 127) return decodeWindows1252(bytes.subarray(start, end)).toLowerCase();
    name += String.fromCharCode(byte >= 65 && byte <= 90 ? byte + 32 : byte);
  }
  return name;
}

/** White space may stand before the colon. */
function nameEnd(bytes: Uint8Array, colon: number): number {
  let end = colon;
  while (isSpace(bytes[end - 1]!)) end--;
  return end;
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9;
}

/** Section 2.2.3: a fold loses its line's end and nothing else. Bare CR and NUL can be shown by no protocol. */
function unfold(raw: string): string {
  const text = trimSpace(raw);
  if (!/[\r\n\0]/.test(text)) return text;
  return text.replace(/\r?\n/g, "").replace(/\r/g, " ").replaceAll("\0", "\ufffd");
}

/** The fields of a header, in order; what follows the header in `header` is not looked at. */
export function headerFields(header: Uint8Array): HeaderField[] {
  const reader = new HeaderReader(header);
  return reader.spans.map((span) => ({
    name: span.name,
    value: reader.value(span),
    start: span.start,
    end: span.end,
  }));
}

/**
 * The stored bytes of the named fields, or of all the others, and a blank line: BODY[HEADER.FIELDS (...)] and
 * BODY[HEADER.FIELDS.NOT (...)] (RFC 3501 section 6.4.5). Names are compared without case.
 */
export function selectHeader(header: Uint8Array, names: readonly string[], mode: "only" | "not"): Uint8Array {
  const picked = new Uint8Array(header.length + FieldPicker.MOST_ADDED);
  return picked.subarray(0, new FieldPicker(names, mode).pick(header, { to: picked, at: 0 }));
}

/** `selectHeader` for many headers: it makes nothing for a field, and looks at no value. */
export class FieldPicker {
  /** By so much the result may be longer than the header. */
  static readonly MOST_ADDED = 4;

  readonly #mode: "only" | "not";
  readonly #names: ReadonlySet<string>;
  /** Those in ASCII, by their lengths, in lower case. */
  readonly #byLength: (Uint8Array[] | undefined)[] = [];
  readonly #allAscii: boolean;

  constructor(names: readonly string[], mode: "only" | "not") {
    this.#mode = mode;
    this.#names = new Set(names.map((name) => name.toLowerCase()));
    let allAscii = true;
    for (const name of this.#names) {
      if (isAscii(name)) (this.#byLength[name.length] ??= []).push(encodeLatin1(name));
      else allAscii = false;
    }
    this.#allAscii = allAscii;
  }

  /** Writes the fields and a blank line; where they end. */
  pick(header: Uint8Array, { to, at }: { readonly to: Uint8Array; readonly at: number }): number {
    let end = at;
    let isPicked = false;
    for (let line = 0; line < header.length;) {
      const lf = header.indexOf(LF, line);
      const next = lf < 0 ? header.length : lf + 1;
      // What `lineKind` says, with the colon found once.
      if (line === 0 || !isSpace(header[line]!)) {
        const colon = colonOf(header, line, next);
        if (colon < 0 && (line > 0 || !isMboxLine(header, line, next))) break;
        isPicked = colon >= 0 && this.#picks(header, line, colon);
      }
      if (isPicked) end = copyBytes(header, { from: line, until: next, to, at: end });
      line = next;
    }
    // A header that ends in the middle of a line must not run into the blank line.
    if (end > at && to[end - 1] !== LF) end = copyBytes(LINE_END, { from: 0, until: 2, to, at: end });
    return copyBytes(LINE_END, { from: 0, until: 2, to, at: end });
  }

  #picks(header: Uint8Array, start: number, colon: number): boolean {
    const isNamed = this.#allAscii
      ? this.#isNamed(header, start, nameEnd(header, colon))
      : this.#names.has(fieldName(header, start, colon));
    return isNamed === (this.#mode === "only");
  }

  #isNamed(header: Uint8Array, start: number, end: number): boolean {
    const names = this.#byLength[end - start];
    if (names === undefined) return false;
    for (let i = 0; i < names.length; i++) if (startsWithName(header, start, names[i]!)) return true;
    return false;
  }
}

const LINE_END = new Uint8Array([13, 10]);

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** Whether the bytes are the name, which is in lower case. */
function startsWithName(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!;
    if ((byte >= 65 && byte <= 90 ? byte + 32 : byte) !== name[i]) return false;
  }
  return true;
}

/** Where the copy ends. Lines are short: a call of `set`, and a view for it, would cost more than this loop. */
function copyBytes(
  bytes: Uint8Array,
  { from, until, to, at }: {
    readonly from: number;
    readonly until: number;
    readonly to: Uint8Array;
    readonly at: number;
  },
): number {
  for (let i = from; i < until; i++) to[at + i - from] = bytes[i]!;
  return at + until - from;
}
