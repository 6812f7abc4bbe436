import { isDigit, STAR_SIGN } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeMailbox } from "./mailbox.ts";
import { decodeSequenceSet, type SequenceSet } from "./sequence_set.ts";

/** RFC 8508 section 5: which message, and into which mailbox the new one goes; `readMessages` reads on from there. */
export interface ReplaceArguments {
  /** One number, or `*`. */
  readonly set: SequenceSet;
  readonly mailbox: string;
  readonly rest: Decoder;
}

export function decodeReplace(decoder: Decoder): ReplaceArguments {
  decoder.expectSpace();
  const isOne = isDigit(decoder.next) || decoder.next === STAR_SIGN;
  const set = decodeSequenceSet(decoder);
  if (!isOne || set.length !== 1 || set[0]![0] !== set[0]![1]) {
    decoder.fail("the number of one message before this");
  }
  decoder.expectSpace();
  return { set, mailbox: decodeMailbox(decoder), rest: decoder };
}

/** Whether the literal at the end of what has come so far is the handler's to read, and not the mailbox name. */
export function replaceLiteralIsStreamed(decoder: Decoder): boolean {
  decoder.trySpace();
  decoder.tryRun((byte) => isDigit(byte) || byte === STAR_SIGN);
  decoder.trySpace();
  return !decoder.atEnd;
}
