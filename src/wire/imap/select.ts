import { ProtocolError } from "../../core/errors.ts";
import { CLOSE, OPEN } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeMailbox } from "./mailbox.ts";
import { decodeModifiers } from "./modifiers.ts";
import { decodePositiveModseq } from "./modseq.ts";
import {
  decodeSequenceSet,
  type Ranges,
  resolveSequenceSet,
  SAVED_RESULT,
  type SequenceSet,
  STAR,
} from "./sequence_set.ts";

/** What the client knew when it last had the mailbox open (RFC 7162 section 3.2.5). */
export interface ResyncArguments {
  readonly uidValidity: number;
  readonly modseq: number;
  /** The UIDs that it has; null for all. */
  readonly known: Ranges | null;
  /** It sent pairs of sequence numbers and UIDs too (section 3.2.5.2), which only a server of short memory needs. */
  readonly hasMatches: boolean;
}

export interface SelectArguments {
  readonly mailbox: string;
  readonly condstore: boolean;
  readonly resync: ResyncArguments | null;
}

/** SELECT and EXAMINE (RFC 3501 section 6.3.1), with the parameters of RFC 7162 section 7. */
export function decodeSelect(decoder: Decoder): SelectArguments {
  decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  let condstore = false;
  let resync: ResyncArguments | null = null;
  if (decoder.trySpace()) {
    decodeModifiers(
      decoder,
      new Map([
        ["CONDSTORE", () => void (condstore = true)],
        ["QRESYNC", () => void (resync = decodeResync(decoder))],
      ]),
    );
  }
  decoder.expectEnd();
  return { mailbox, condstore, resync };
}

function decodeResync(decoder: Decoder): ResyncArguments {
  decoder.expectSpace();
  decoder.expectByte(OPEN);
  const uidValidity = decoder.expectNonZero();
  decoder.expectSpace();
  const modseq = decodePositiveModseq(decoder);
  let known: Ranges | null = null;
  let hasMatches = false;
  if (decoder.trySpace()) {
    if (decoder.next !== OPEN) {
      known = resolveSequenceSet(decodeKnownSet(decoder), 0);
      hasMatches = decoder.trySpace();
    } else hasMatches = true;
    if (hasMatches) decodeMatches(decoder);
  }
  decoder.expectByte(CLOSE);
  return { uidValidity, modseq, known, hasMatches };
}

/** `(sequence numbers  UIDs)`, pair by pair. We remember every expunge, so they are read and then not needed. */
function decodeMatches(decoder: Decoder): void {
  decoder.expectByte(OPEN);
  const sequences = decodeKnownSet(decoder);
  decoder.expectSpace();
  const uids = decodeKnownSet(decoder);
  decoder.expectByte(CLOSE);
  if (countOf(sequences) !== countOf(uids)) {
    throw new ProtocolError("Give as many UIDs as sequence numbers");
  }
}

/** A set without `*`: what the client knows, it knows by number. */
function decodeKnownSet(decoder: Decoder): SequenceSet {
  const set = decodeSequenceSet(decoder);
  if (set === SAVED_RESULT || set.some((range) => range.includes(STAR))) {
    throw new ProtocolError("Only numbers can stand in a known set");
  }
  return set;
}

function countOf(set: SequenceSet): number {
  return set.reduce((sum, [from, to]) => sum + Math.abs(to - from) + 1, 0);
}
