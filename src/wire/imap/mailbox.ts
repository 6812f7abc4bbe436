import { decodeLatin1, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { isListChar } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import { decodeUtf7, encodeUtf7 } from "./utf7.ts";

/** What separates the levels of a mailbox name. */
export const DELIMITER = "/";

/**
 * A mailbox name (an astring, in modified UTF-7 unless UTF-8 was switched on) as Unicode. Which names may exist is not the
 * grammar's business.
 */
export function decodeMailbox(decoder: Decoder): string {
  return fromWire(decoder, decoder.expectAstring("a mailbox name"));
}

/** Matches no mailbox, since no level of a name is empty. */
const NO_MAILBOX = DELIMITER.repeat(2);

/**
 * As `decodeMailbox`, but wildcards may stand in it without quotes (RFC 3501 section 9 `list-mailbox`), and what cannot be
 * the name of a mailbox is the pattern of none (RFC 5258 section 3).
 */
export function decodeListMailbox(decoder: Decoder): string {
  const atom = decoder.tryRun(isListChar);
  if (decoder.utf8) return atom ?? fromWire(decoder, decoder.expectString());
  return decodeUtf7(atom ?? decodeLatin1(decoder.expectString())) ?? NO_MAILBOX;
}

/** A command with a mailbox name and nothing else. */
export function decodeOneMailbox(decoder: Decoder): string {
  decoder.expectSpace();
  const name = decodeMailbox(decoder);
  decoder.expectEnd();
  return name;
}

export function encodeMailbox(encoder: Encoder, name: string): void {
  encoder.astring(encoder.utf8 ? name : encodeUtf7(name));
}

function fromWire(decoder: Decoder, bytes: Uint8Array): string {
  if (!decoder.utf8) return fromUtf7(decodeLatin1(bytes));
  // RFC 9755 section 3: here `&` is just a character.
  return tryDecodeUtf8(bytes) ?? decoder.fail("a mailbox name in UTF-8");
}

function fromUtf7(text: string): string {
  const name = decodeUtf7(text);
  if (name === null) {
    throw new ProtocolError("Write the mailbox name in modified UTF-7 (RFC 3501 section 5.1.3)");
  }
  return name;
}
