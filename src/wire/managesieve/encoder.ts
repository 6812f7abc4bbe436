import { concatBytes, encodeUtf8 } from "../../core/bytes.ts";

/** RFC 5804 section 4, `quoted`: so many octets at most (erratum 2655). */
const LONGEST_QUOTED = 1024;
const CRLF = encodeUtf8("\r\n");

/** A string: quoted where it may be, else as a literal (RFC 5804 section 4, `literal-s2c`). */
export function encodeString(text: string): Uint8Array<ArrayBuffer> {
  if (/[\0\r\n]/.test(text)) return encodeLiteral(text);
  const quoted = encodeUtf8(`"${text.replace(/["\\]/g, "\\$&")}"`);
  return quoted.length <= LONGEST_QUOTED + 2 ? quoted : encodeLiteral(text);
}

/** Whatever the text is; without the line end that follows it. */
export function encodeLiteral(text: string): Uint8Array<ArrayBuffer> {
  const bytes = encodeUtf8(text);
  return concatBytes([encodeUtf8(`{${bytes.length}}\r\n`), bytes]);
}

/** One line of parts, with spaces between them. */
export function encodeLine(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const spaced = parts.flatMap((part, index) => index === 0 ? [part] : [SPACE, part]);
  return concatBytes([...spaced, CRLF]);
}

const SPACE = encodeUtf8(" ");
