import { ProtocolError } from "../../core/errors.ts";
import {
  greatestNumber,
  resolveSequenceSet,
  SAVED_RESULT,
  type SequenceSet,
  STAR,
} from "../../wire/imap/mod.ts";
import type { Selection, Tracker } from "./tracker.ts";

/**
 * What a set means in a view. A sequence number above the last is an error (RFC 3501 section 9, `seq-number`), a UID that is
 * not there is not (section 6.4.8). `*` in an empty mailbox is such an error too: there is no number that it could stand for.
 */
export function resolveSet(tracker: Tracker, set: SequenceSet, by: "sequence" | "uid"): Selection {
  if (set === SAVED_RESULT) return tracker.byUid(tracker.saved);
  if (by === "uid") return tracker.byUid(resolveSequenceSet(set, tracker.lastUid));
  if (greatestNumber(set) > tracker.count || (tracker.count === 0 && hasStar(set))) {
    throw new ProtocolError(`There are only ${tracker.count} messages in the mailbox`);
  }
  return tracker.bySequence(resolveSequenceSet(set, tracker.count));
}

function hasStar(set: SequenceSet): boolean {
  return set.some((range) => range.includes(STAR));
}
