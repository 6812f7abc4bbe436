/**
 * Strings of a script. Encoded characters (RFC 5228 section 2.4.2.4) are put in when it is compiled, variables (RFC 5229 section 3)
 * each time it runs.
 */
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../core/bytes.ts";
import type { Position, SieveString } from "../../wire/sieve/mod.ts";
import { SieveError } from "../../wire/sieve/mod.ts";

/** A string as it stands, or pieces of which some are the names of variables. */
export type Text = string | readonly Piece[];
export type Piece = string | { readonly variable: string };

export interface TextOptions {
  readonly variables: boolean;
  readonly encodedCharacters: boolean;
  /** Whether a namespace such as `global` may be used (RFC 5229 section 3). */
  readonly hasNamespace: (name: string) => boolean;
}

const MAX_MATCH = 99;

export function compileText({ value, at }: SieveString, options: TextOptions): Text {
  const text = options.encodedCharacters ? decodeCharacters(value, at) : value;
  return options.variables ? splitVariables(text, { at, options }) : text;
}

export function isConstant(text: Text): text is string {
  return typeof text === "string";
}

// ---- Variables ----

function splitVariables(text: string, context: { at: Position; options: TextOptions }): Text {
  const pieces: Piece[] = [];
  let from = 0;
  for (let open = text.indexOf("${"); open >= 0; open = text.indexOf("${", open + 2)) {
    const close = text.indexOf("}", open);
    if (close < 0) break;
    const name = variableName(text.slice(open + 2, close), context);
    if (name === null) continue;
    if (open > from) pieces.push(text.slice(from, open));
    pieces.push({ variable: name });
    from = close + 1;
  }
  if (pieces.length === 0) return text;
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** Lower case; null when this is no variable, so that the text stands for itself (RFC 5229 section 3). */
function variableName(text: string, { at, options }: { at: Position; options: TextOptions }): string | null {
  if (isNumber(text)) {
    if (Number(text) > MAX_MATCH) {
      throw new SieveError(at, `There is no \${${text}}: at most \${${MAX_MATCH}}`);
    }
    return String(Number(text));
  }
  const parts = text.split(".");
  if (!parts.every(isIdentifier)) return null;
  // No namespace that we have has others in it.
  if (parts.length > 2 || (parts.length === 2 && !options.hasNamespace(parts[0]!.toLowerCase()))) {
    throw new SieveError(at, `There is no namespace "${parts[0]}" of variables: is its extension required?`);
  }
  return text.toLowerCase();
}

export function isIdentifier(text: string): boolean {
  return text.length <= 100 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

function isNumber(text: string): boolean {
  return text.length > 0 && text.length <= 10 && /^[0-9]+$/.test(text);
}

// ---- Encoded characters ----

/** `${hex:24 24}` and `${unicode:20AC}`; what is not well formed stands for itself. */
function decodeCharacters(text: string, at: Position): string {
  // Octets, since a character may be made of several sequences.
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let open = text.indexOf("${"); open >= 0; open = text.indexOf("${", open + 2)) {
    const close = text.indexOf("}", open);
    if (close < 0) break;
    const decoded = decodeOne(text.slice(open + 2, close), at);
    if (decoded === null) continue;
    parts.push(encodeUtf8(text.slice(from, open)), decoded);
    from = close + 1;
  }
  return from === 0 ? text : decodeUtf8(concatBytes([...parts, encodeUtf8(text.slice(from))]));
}

function decodeOne(text: string, at: Position): Uint8Array | null {
  const colon = text.indexOf(":");
  const kind = text.slice(0, Math.max(0, colon)).toLowerCase();
  if (kind !== "hex" && kind !== "unicode") return null;
  const words = text.slice(colon + 1).split(/[ \t\r\n]/).filter((word) => word !== "");
  const longest = kind === "hex" ? 2 : Infinity;
  if (words.length === 0 || !words.every((word) => word.length <= longest && /^[0-9A-Fa-f]+$/.test(word))) {
    return null;
  }
  const codes = words.map((word) => parseInt(word, 16));
  if (kind === "hex") return Uint8Array.from(codes);
  const wrong = codes.findIndex((code) => code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff));
  if (wrong >= 0) {
    throw new SieveError(at, `U+${words[wrong]!.toUpperCase().slice(0, 20)} is no character`);
  }
  return encodeUtf8(codes.map((code) => String.fromCodePoint(code)).join(""));
}
