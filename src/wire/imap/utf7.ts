/**
 * Modified UTF-7, in which IMAP4rev1 writes mailbox names (RFC 3501 section 5.1.3): printable ASCII stands for itself,
 * `&` is `&-`, and everything else is UTF-16 in a base64 of its own between `&` and `-`.
 */
import { MINUS } from "./chars.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
const VALUES: Readonly<Int8Array> = (() => {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < ALPHABET.length; i++) values[ALPHABET.charCodeAt(i)] = i;
  return values;
})();

const AMPERSAND = 38;

export function encodeUtf7(name: string): string {
  let out = "";
  for (let i = 0; i < name.length;) {
    const code = name.charCodeAt(i);
    if (isDirect(code)) {
      out += code === AMPERSAND ? "&-" : name[i];
      i++;
      continue;
    }
    let end = i;
    while (end < name.length && !isDirect(name.charCodeAt(end))) end++;
    out += `&${encodeUnits(name, i, end)}-`;
    i = end;
  }
  return out;
}

/** The name, or null for what no correct encoder writes: so every name has exactly one encoded form. */
export function decodeUtf7(text: string): string | null {
  let out = "";
  for (let i = 0; i < text.length;) {
    const code = text.charCodeAt(i);
    if (!isDirect(code)) return null;
    if (code !== AMPERSAND) {
      out += text[i++];
      continue;
    }
    const end = text.indexOf("-", i);
    if (end < 0) return null;
    const shifted = end === i + 1 ? "&" : decodeUnits(text, i + 1, end);
    if (shifted === null) return null;
    // Two stretches in a row should have been one.
    if (shifted !== "&" && text.charCodeAt(end + 1) === AMPERSAND && text.charCodeAt(end + 2) !== MINUS) {
      return null;
    }
    out += shifted;
    i = end + 1;
  }
  return out.isWellFormed() ? out : null;
}

function isDirect(code: number): boolean {
  return code >= 32 && code <= 126;
}

function encodeUnits(name: string, start: number, end: number): string {
  let out = "";
  let bits = 0;
  let count = 0;
  for (let i = start; i < end; i++) {
    bits = (bits << 16) | name.charCodeAt(i);
    count += 16;
    while (count >= 6) {
      count -= 6;
      out += ALPHABET[(bits >> count) & 63];
    }
    bits &= (1 << count) - 1;
  }
  return count > 0 ? out + ALPHABET[(bits << (6 - count)) & 63] : out;
}

function decodeUnits(text: string, start: number, end: number): string | null {
  let out = "";
  let bits = 0;
  let count = 0;
  for (let i = start; i < end; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    bits = (bits << 6) | value;
    count += 6;
    if (count < 16) continue;
    count -= 16;
    const unit = bits >> count;
    // What stands for itself must not be encoded.
    if (isDirect(unit)) return null;
    out += String.fromCharCode(unit);
    bits &= (1 << count) - 1;
  }
  // Only padding of fewer than six zero bits may be left.
  return count >= 6 || bits !== 0 || out === "" ? null : out;
}
