/**
 * From bytes to text by the name of a charset. Mail lies about charsets, so nothing here fails: a name nobody
 * knows, and a text that says nothing or US-ASCII, are read as UTF-8 when they are that, else as windows-1252.
 */
import { Buffer } from "node:buffer";
import iconv from "iconv-lite";
import { concatBytes, decodeUtf8, tryDecodeUtf8 } from "../../core/bytes.ts";

/** Decodes a stream of bytes; a character may be split between two pieces. */
export interface CharsetDecoder {
  push(bytes: Uint8Array): string;
  end(): string;
}

const windows1252 = new TextDecoder("windows-1252");

/** Names that say nothing. US-ASCII is among them because so much UTF-8 travels under it. */
const UNSAID = new Set([
  "",
  "us-ascii",
  "ascii",
  "ansi_x3.4-1968",
  "unknown-8bit",
  "x-unknown",
  "unknown",
  "8bit",
]);
const UTF8 = new Set(["utf-8", "utf8", "unicode-1-1-utf-8"]);
/** What iconv-lite offers under a charset's name but is none; and UTF-7, of which it loses characters at the seams. */
const NO_CHARSET = new Set(["base64", "hex", "binary", "utf7", "utf7imap", "unicode11utf7"]);

/** One character per byte, so that indexes into the text are indexes into the bytes. */
export function decodeWindows1252(bytes: Uint8Array): string {
  return windows1252.decode(bytes);
}

export function decodeCharset(bytes: Uint8Array, label: string | null): string {
  const decoder = openCharset(label);
  return decoder.push(bytes) + decoder.end();
}

export function openCharset(label: string | null): CharsetDecoder {
  const name = (label ?? "").trim().toLowerCase();
  if (UTF8.has(name)) return new Utf8Decoder(decodeUtf8);
  if (UNSAID.has(name) || name.length > 60) return new Utf8Decoder(tryDecodeUtf8);
  return openTextDecoder(name) ?? openIconv(name) ?? new Utf8Decoder(tryDecodeUtf8);
}

/** Whether the name means a charset we can decode. */
export function isKnownCharset(label: string): boolean {
  const name = label.trim().toLowerCase();
  return UTF8.has(name) || (name.length <= 60 && (openTextDecoder(name) ?? openIconv(name)) !== null);
}

/**
 * Reads UTF-8 with `decode`, keeping an unfinished character for the next piece. Once `decode` returns null the
 * text is no UTF-8, and from there on it is windows-1252.
 */
class Utf8Decoder implements CharsetDecoder {
  #decode: (bytes: Uint8Array) => string | null;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(decode: (bytes: Uint8Array) => string | null) {
    this.#decode = decode;
  }

  push(bytes: Uint8Array): string {
    const all = this.#rest.length === 0 ? bytes : concatBytes([this.#rest, bytes]);
    const whole = all.length - unfinishedLength(all);
    this.#rest = all.slice(whole);
    return this.#read(all.subarray(0, whole));
  }

  end(): string {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    return this.#read(rest);
  }

  #read(bytes: Uint8Array): string {
    const text = this.#decode(bytes);
    if (text !== null) return text;
    this.#decode = decodeWindows1252;
    return decodeWindows1252(bytes);
  }
}

/** How many bytes at the end begin a UTF-8 character (RFC 3629) that is not complete. */
function unfinishedLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < needed ? back : 0;
  }
  return 0;
}

function openTextDecoder(name: string): CharsetDecoder | null {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(name);
  } catch {
    return null;
  }
  return {
    push: (bytes) => decoder.decode(bytes, { stream: true }),
    end: () => decoder.decode(),
  };
}

function openIconv(name: string): CharsetDecoder | null {
  if (NO_CHARSET.has(name.replace(/[^a-z0-9]/g, "")) || !iconv.encodingExists(name)) return null;
  const decoder = iconv.getDecoder(name);
  return {
    push: (bytes) => decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    end: () => decoder.end() ?? "",
  };
}
