/**
 * MIME: what a message is made of (RFC 5322, 2045 to 2047, 2231). Pure functions and small machines over bytes.
 *
 * Invariants:
 * - Nothing here throws for what stands in a message. Broken input is read the way most programs read it, or shown
 *   as what it surely is: bytes.
 * - Time and memory are linear in the input, whatever it is, and nothing recurses on the depth of the input. Limits
 *   (`MimeLimits`) bound what is understood of one message; past them the rest is an opaque part.
 * - For every part, `message.subarray(part.bodyStart, part.bodyEnd)` is what IMAP calls BODY[n], and the bytes from
 *   `headerStart` to `bodyStart` are its header. Bodies lie within the body of the part around them.
 * - A part of type multipart has at least one child; one of type message/rfc822 or message/global has its message.
 * - No text in a digest holds CR, LF or NUL, and what was split into chunks gives the same digest as the whole.
 */
import type { MessageDigest } from "./digest.ts";
import { DigestBuilder } from "./digest_builder.ts";
import type { MimeLimits } from "./limits.ts";

export { parseAddressList } from "./addresses.ts";
export { type CharsetDecoder, decodeCharset, openCharset } from "./charset.ts";
export { formatDate, parseDate, parseDay, parseZonedDate, type ZonedDate } from "./dates.ts";
export type { HeaderAddress, MessageDigest, MessageEnvelope, Parameters, Part } from "./digest.ts";
export { DigestBuilder } from "./digest_builder.ts";
export { FieldPicker, type HeaderField, headerFields, selectHeader } from "./header.ts";
export { defaultMimeLimits, type MimeLimits } from "./limits.ts";
export { type Parameterized, parseParameterized } from "./params.ts";
export { parameter } from "./part_header.ts";
export { findPart, textParts } from "./parts.ts";
export { plainTextEntity, type TextEntity } from "./plain_text.ts";
export { baseSubject, isReplySubject } from "./subject.ts";
export { decodeText, decodeTextStream, type TextCoding } from "./text.ts";
export { decodeContent, openTransfer, type TransferDecoder } from "./transfer.ts";
export { decodeWords, encodeWord } from "./words.ts";

/** The digest of a message that is there as a whole. */
export function parseMessage(bytes: Uint8Array, limits: Partial<MimeLimits> = {}): MessageDigest {
  const builder = new DigestBuilder(limits);
  builder.write(bytes);
  return builder.finish();
}
