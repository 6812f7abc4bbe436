import { ProtocolError } from "../../../core/errors.ts";

/**
 * A quoted string (RFC 3501 section 9), one character a byte. Bytes above 127 are sent as they are, which every server takes that
 * has given such a name itself. Throws `ProtocolError` for what no quoted string can hold.
 */
export function clientQuoted(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new ProtocolError("A line break cannot be sent to IMAP in quotes");
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
