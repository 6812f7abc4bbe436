/** Encoded words in header fields (RFC 2047): read generously, written strictly. */
import { concatBytes, encodeUtf8 } from "../../core/bytes.ts";
import { decodeCharset, isKnownCharset } from "./charset.ts";
import { decodeContent, hexValue } from "./transfer.ts";

interface EncodedWord {
  readonly charset: string;
  readonly bytes: Uint8Array;
  /** Index in the text, one past the word. */
  readonly end: number;
}

/**
 * Decodes the encoded words of an unfolded field value. Words may stand anywhere, also inside quoted strings and
 * glued to other text, as mail programs write them. A character may be split between neighbouring words. Control
 * characters that come out of a word become spaces.
 */
export function decodeWords(text: string): string {
  let at = text.indexOf("=?");
  if (at < 0) return text;
  const reader = new WordReader(text);
  let out = "";
  let copied = 0;
  let run: EncodedWord[] = [];
  while (at >= 0) {
    const word = reader.read(at);
    if (word === null) {
      at = text.indexOf("=?", at + 2);
      continue;
    }
    const between = text.slice(copied, at);
    // Section 6.2: white space between two encoded words is not shown.
    const adjacent = run.length > 0 && isBlank(between);
    if (!adjacent || run[0]!.charset !== word.charset || !isSplittable(word.charset)) {
      out += decodeRun(run) + (adjacent ? "" : between);
      run = [];
    }
    run.push(word);
    copied = word.end;
    at = text.indexOf("=?", word.end);
  }
  return out + decodeRun(run) + text.slice(copied);
}

/** So many charsets in one text are nonsense; all further names count as unknown ones. */
const MOST_CHARSETS = 20;

/**
 * Reads words of one text. It remembers that no further end of a word exists, which keeps the whole linear, and what
 * it asked about charsets, because asking for one that does not exist is slow.
 */
class WordReader {
  readonly #text: string;
  readonly #charsets = new Map<string, boolean>();
  #noMoreEnds = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** The word that begins at `start`, where "=?" stands; null when it is none. */
  read(start: number): EncodedWord | null {
    const text = this.#text;
    if (this.#noMoreEnds) return null;
    const charsetEnd = questionMark(text, start + 2, 80);
    if (charsetEnd <= start + 2 || text[charsetEnd + 2] !== "?") return null;
    const kind = text[charsetEnd + 1]!.toLowerCase();
    if (kind !== "b" && kind !== "q") return null;
    const end = text.indexOf("?=", charsetEnd + 3);
    if (end < 0) {
      this.#noMoreEnds = true;
      return null;
    }
    const content = text.slice(charsetEnd + 3, end);
    // RFC 2231 section 5: a language may follow the charset after an asterisk.
    const charset = this.#known(text.slice(start + 2, charsetEnd).split("*", 1)[0]!.toLowerCase());
    const bytes = kind === "b" ? decodeContent(encodeUtf8(content), "base64") : decodeQ(content);
    return { charset, bytes, end: end + 2 };
  }

  /** The charset's name, or the empty one when nobody knows it. */
  #known(charset: string): string {
    let known = this.#charsets.get(charset);
    if (known === undefined) {
      known = this.#charsets.size < MOST_CHARSETS && isKnownCharset(charset);
      if (this.#charsets.size < MOST_CHARSETS) this.#charsets.set(charset, known);
    }
    return known ? charset : "";
  }
}

/** The index of the next question mark, if only what can be a charset's name stands before it; else -1. */
function questionMark(text: string, from: number, limit: number): number {
  const last = Math.min(text.length, from + limit);
  for (let i = from; i < last; i++) {
    const code = text.charCodeAt(i);
    if (code === 63) return i;
    if (code <= 32 || code >= 127) return -1;
  }
  return -1;
}

/** The "Q" encoding (section 4.2). */
function decodeQ(text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    const high = byte === 61 ? hexValue(bytes[i + 1] ?? 0) : -1;
    const low = high < 0 ? -1 : hexValue(bytes[i + 2] ?? 0);
    if (low >= 0) {
      bytes[length++] = high << 4 | low;
      i += 2;
    } else {
      bytes[length++] = byte === 95 ? 32 : byte;
    }
  }
  return bytes.subarray(0, length);
}

function decodeRun(run: readonly EncodedWord[]): string {
  const first = run[0];
  if (first === undefined) return "";
  const bytes = run.length === 1 ? first.bytes : concatBytes(run.map((word) => word.bytes));
  return decodeCharset(bytes, first.charset).replace(/[\x00-\x1f\x7f]/g, " ");
}

/**
 * Some programs cut UTF-8 anywhere, so such words are joined before they are decoded. Those of a charset with escape
 * sequences each begin anew (section 3), and their seam would be an error in it.
 */
function isSplittable(charset: string): boolean {
  return !charset.startsWith("iso-2022-");
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return false;
  }
  return true;
}

// ---- Writing ----

/** `=?UTF-8?Q?` and `?=` take 12 of the 75 characters that a word may have (section 2). */
const ROOM = 75 - 12;

/**
 * Makes a text fit for an unstructured field or a display name: as it is when it is plain ASCII, else as encoded
 * words in UTF-8, several of them on lines of their own. Needs no quoting in a phrase (section 5 rule 3).
 */
export function encodeWord(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes("=?")) return text;
  const plain = text.match(/[A-Za-z0-9!*+\-/ ]/g)?.length ?? 0;
  const bytes = encodeUtf8(text);
  // "Q" takes three characters for each byte it must escape, "B" four for each three.
  const useQ = plain + (bytes.length - plain) * 3 <= Math.ceil(bytes.length / 3) * 4;
  const words: string[] = [];
  let word = "";
  let size = 0;
  for (const character of text) {
    const added = useQ ? encodeQ(character).length : encodeUtf8(character).length;
    const full = useQ ? size + added > ROOM : size + added > Math.floor(ROOM / 4) * 3;
    if (full) {
      words.push(word);
      word = "";
      size = 0;
    }
    word += character;
    size += added;
  }
  words.push(word);
  return words.map((part) => `=?UTF-8?${useQ ? "Q" : "B"}?${useQ ? encodeQ(part) : encodeB(part)}?=`).join(
    "\r\n ",
  );
}

function encodeQ(text: string): string {
  let out = "";
  for (const byte of encodeUtf8(text)) {
    const character = String.fromCharCode(byte);
    if (byte === 32) out += "_";
    else if (/[A-Za-z0-9!*+\-/]/.test(character)) out += character;
    else out += "=" + byte.toString(16).toUpperCase().padStart(2, "0");
  }
  return out;
}

function encodeB(text: string): string {
  let binary = "";
  for (const byte of encodeUtf8(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
