import { decodeDateTime } from "./date_time.ts";
import { QUOTE } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { tryDecodeFlagList } from "./flag.ts";
import { decodeMailbox } from "./mailbox.ts";

/** What stands before the message (RFC 3501 section 6.3.11). */
export interface AppendArguments {
  readonly mailbox: string;
  readonly flags: readonly string[];
  readonly internalDate: number | null;
}

/** Reads up to the literal that is the message; the literal itself is streamed and never comes through here. */
export function decodeAppend(decoder: Decoder): AppendArguments {
  decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  decoder.expectSpace();
  const flags = tryDecodeFlagList(decoder);
  if (flags !== null) decoder.expectSpace();
  const internalDate = decoder.next === QUOTE ? decodeDateTime(decoder) : null;
  if (internalDate !== null) decoder.expectSpace();
  decoder.expectEnd();
  return { mailbox, flags: flags ?? [], internalDate };
}

/**
 * Whether the literal at the end of what has come so far is the message. It is, unless it stands where the mailbox
 * name is due, directly after the command's name.
 */
export function appendLiteralIsMessage(decoder: Decoder): boolean {
  decoder.trySpace();
  return !decoder.atEnd;
}
