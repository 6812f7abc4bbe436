/** Values with parameters: Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2231). */
import { concatBytes, encodeUtf8 } from "../../core/bytes.ts";
import { decodeCharset } from "./charset.ts";
import type { Parameters } from "./digest.ts";
import { FieldScanner, isSpace, trimSpace } from "./field_scanner.ts";
import { hexValue } from "./transfer.ts";

export interface Parameterized {
  /** What stands before the first semicolon, in lower case, without comments and white space. */
  readonly value: string;
  readonly params: Parameters;
}

type RawParameter = readonly [name: string, value: string];

/** Reads `value; name=value; ...`. Anything unreadable is passed over; at most `limit` parameters are looked at. */
export function parseParameterized(text: string, limit = 100): Parameterized {
  const scanner = new FieldScanner(text);
  let value = "";
  while (!scanner.done) {
    // White space inside the value ends it, except around the slash: `text / plain`.
    const blank = scanner.skipBlank();
    if (scanner.done || scanner.peek === ";") break;
    if (blank && value !== "" && !value.endsWith("/") && scanner.peek !== "/") break;
    value += text[scanner.at++];
  }
  return { value: value.toLowerCase(), params: joinContinuations(rawParameters(scanner, limit)) };
}

function rawParameters(scanner: FieldScanner, limit: number): RawParameter[] {
  const found: RawParameter[] = [];
  while (found.length < limit) {
    while (scanner.skipBlank() || scanner.peek === ";") {
      if (scanner.peek === ";") scanner.at++;
    }
    if (scanner.done) break;
    const start = scanner.at;
    skipUntil(scanner, (code) => code === 61 || code === 59 || code === 40);
    const name = trimSpace(scanner.text.slice(start, scanner.at)).toLowerCase();
    scanner.skipBlank();
    if (scanner.peek !== "=") {
      // An open parenthesis that begins no comment must be passed, or we would stand still.
      if (scanner.at === start) scanner.at++;
      continue;
    }
    scanner.at++;
    scanner.skipBlank();
    const value = scanner.quoted() ?? bareValue(scanner);
    if (name !== "") found.push([name, value]);
  }
  return found;
}

/**
 * A value without quotes: up to the semicolon, spaces and all, since file names come that way.
 * A comment after a space ends it.
 */
function bareValue(scanner: FieldScanner): string {
  const { text } = scanner;
  if (scanner.peek === '"') scanner.at++;
  const start = scanner.at;
  skipUntil(
    scanner,
    (code, i) => code === 59 || (code === 40 && i > start && isSpace(text.charCodeAt(i - 1))),
  );
  return trimSpace(text.slice(start, scanner.at));
}

function skipUntil(scanner: FieldScanner, stop: (code: number, index: number) => boolean): void {
  const { text } = scanner;
  while (scanner.at < text.length && !stop(text.charCodeAt(scanner.at), scanner.at)) scanner.at++;
}

// ---- RFC 2231 ----

interface Gathered {
  plain: string | null;
  /** `name*`: one extended value. */
  extended: string | null;
  /** `name*0`, `name*1*` ...: the pieces by number. */
  readonly pieces: Map<number, { readonly text: string; readonly extended: boolean }>;
}

/**
 * Sections 3 and 4: joins continuations and decodes charsets. Of equal names the first counts; an extended value
 * beats a plain one.
 */
function joinContinuations(raw: readonly RawParameter[]): Parameters {
  const byName = new Map<string, Gathered>();
  for (const [fullName, text] of raw) {
    const star = fullName.indexOf("*");
    const name = star < 0 ? fullName : fullName.slice(0, star);
    const gathered = byName.get(name) ?? { plain: null, extended: null, pieces: new Map() };
    byName.set(name, gathered);
    const suffix = star < 0 ? "" : fullName.slice(star);
    const piece = /^\*(\d{1,4})(\*?)$/.exec(suffix);
    if (suffix === "") gathered.plain ??= text;
    else if (suffix === "*") gathered.extended ??= text;
    else if (piece !== null && !gathered.pieces.has(Number(piece[1]))) {
      gathered.pieces.set(Number(piece[1]), { text, extended: piece[2] === "*" });
    }
  }
  const params: [string, string][] = [];
  for (const [name, gathered] of byName) {
    const value = name === "" ? null : valueOf(gathered);
    if (value !== null) params.push([name, value.replace(/[\r\n]/g, " ").replaceAll("\0", "\ufffd")]);
  }
  return params;
}

function valueOf({ plain, extended, pieces }: Gathered): string | null {
  if (extended !== null) {
    const { charset, rest } = splitCharset(extended);
    return decodeCharset(percentDecode(rest), charset);
  }
  const first = pieces.get(0);
  if (first === undefined) return plain;
  const { charset, rest } = first.extended ? splitCharset(first.text) : { charset: null, rest: first.text };
  const bytes: Uint8Array[] = [first.extended ? percentDecode(rest) : encodeUtf8(rest)];
  for (let i = 1; pieces.has(i); i++) {
    const piece = pieces.get(i)!;
    bytes.push(piece.extended ? percentDecode(piece.text) : encodeUtf8(piece.text));
  }
  return decodeCharset(concatBytes(bytes), charset);
}

/** `charset'language'text`; a value without its two apostrophes is all text. */
function splitCharset(text: string): { charset: string | null; rest: string } {
  const first = text.indexOf("'");
  const second = first < 0 ? -1 : text.indexOf("'", first + 1);
  return second < 0
    ? { charset: null, rest: text }
    : { charset: text.slice(0, first), rest: text.slice(second + 1) };
}

function percentDecode(text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const high = bytes[i] === 37 ? hexValue(bytes[i + 1] ?? 0) : -1;
    const low = high < 0 ? -1 : hexValue(bytes[i + 2] ?? 0);
    if (low >= 0) i += 2;
    bytes[length++] = low >= 0 ? high << 4 | low : bytes[i]!;
  }
  return bytes.subarray(0, length);
}
