import { decodeLatin1, encodeUtf8, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";

/** RFC 3461 section 4: printable ASCII without `+` and `=`, or `+` and two capital hexadecimal digits. */
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/;

export function isXtext(text: string): boolean {
  return XTEXT.test(text);
}

/** Decodes xtext. Octets that are no UTF-8 stand for themselves. Throws `ProtocolError`. */
export function decodeXtext(text: string): string {
  if (!isXtext(text)) throw new ProtocolError("The value is not xtext (RFC 3461 section 4)");
  if (!text.includes("+")) return text;
  const octets: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "+") {
      octets.push(parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else octets.push(text.charCodeAt(at));
  }
  const bytes = Uint8Array.from(octets);
  return tryDecodeUtf8(bytes) ?? decodeLatin1(bytes);
}

/** The characters that stand for themselves in a utf-8 address: all but `+`, `=`, backslash and what is not printable. */
const UNITEXT = /^[!-*,-<>-[\]-~\u0080-\u{10ffff}]$/u;
const EMBEDDED = /^\\x\{([0-9A-F]{2,6})\}/;

/**
 * Decodes the address of a `utf-8` ORCPT (RFC 6533 section 3): utf-8-addr-xtext, in which `\x{...}` is a character, or
 * utf-8-addr-unitext, in which characters beyond ASCII stand for themselves too. Throws `ProtocolError`.
 */
export function decodeUtf8Address(text: string): string {
  let address = "";
  for (let at = 0; at < text.length;) {
    const embedded = text[at] === "\\" ? EMBEDDED.exec(text.slice(at, at + 10)) : null;
    const code = embedded === null ? text.codePointAt(at)! : parseInt(embedded[1]!, 16);
    const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    const character = isCharacter ? String.fromCodePoint(code) : "";
    if (character === "" || (embedded === null && !UNITEXT.test(character))) {
      throw new ProtocolError("The value is no utf-8 address (RFC 6533 section 3)");
    }
    address += character;
    at += embedded?.[0].length ?? character.length;
  }
  return address;
}

/** The other way round: everything but what stands for itself becomes `+XX`, octet by octet of its UTF-8 form. */
export function encodeXtext(text: string): string {
  return Array.from(encodeUtf8(text), (octet) => {
    const character = String.fromCharCode(octet);
    return XTEXT.test(character) ? character : `+${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** utf-8-addr-xtext (RFC 6533 section 3), which is ASCII and so fits with and without SMTPUTF8. */
export function encodeUtf8Address(text: string): string {
  return Array.from(text, (character) => {
    if (/^[!-*,-<>-[\]-~]$/.test(character)) return character;
    return `\\x{${character.codePointAt(0)!.toString(16).toUpperCase().padStart(2, "0")}}`;
  }).join("");
}
