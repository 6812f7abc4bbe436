import { ProtocolError } from "../../core/errors.ts";
import type { Mailbox } from "../../store/mod.ts";
import {
  mergeRanges,
  type Ranges,
  resolveSequenceSet,
  SAVED_RESULT,
  type SearchReturn,
  type SearchTerm,
  type SequenceSet,
  STAR,
} from "../../wire/imap/mod.ts";
import { type ImapSession, uidRequired } from "./context.ts";
import { has } from "./search_key.ts";
import type { SearchPlace } from "./search_query.ts";
import { Tracker } from "./tracker.ts";

const UID_MAX = 0xffff_ffff;

/** The selected mailbox as the client sees it. */
export function selectedPlace(session: ImapSession): SearchPlace {
  const { selected, enabled, deps } = session;
  const { tracker } = selected;
  const scope: SearchPlace["scope"] = {
    resolve(set, by) {
      if (set === SAVED_RESULT) return tracker.saved;
      if (by === "uid") return resolveLasting(set, tracker.lastUid);
      if (enabled.has("UIDONLY")) throw uidRequired();
      return resolveNumbers(tracker, set);
    },
    recentFrom: selected.view.mailbox.recentFrom,
    now: deps.clock.now(),
  };
  return { mailboxId: selected.id, scope, lastUid: tracker.lastUid };
}

/** A mailbox among several: it has no view, and so no `$` (RFC 7377 section 2.2); sequence numbers are those of this moment. */
export async function placeOf(
  { deps, store }: ImapSession,
  { id, uidNext, recentFrom }: Mailbox,
  term: SearchTerm,
): Promise<SearchPlace> {
  const lastUid = uidNext - 1;
  const view = has(term, "sequence") ? await store.messages.open(id) : null;
  const tracker = new Tracker(view?.uids ?? new Uint32Array(0));
  const scope: SearchPlace["scope"] = {
    resolve(set, by) {
      if (set === SAVED_RESULT) throw new ProtocolError("$ means something in the selected mailbox only");
      return by === "uid" ? resolveSequenceSet(set, lastUid) : resolveNumbers(tracker, set);
    },
    recentFrom,
    now: deps.clock.now(),
  };
  return { mailboxId: id, scope, lastUid };
}

/** A number beyond the last message is no error in a search (RFC 7377 section 2): nothing has it. */
function resolveNumbers(tracker: Tracker, set: SequenceSet): Ranges {
  return tracker.bySequence(resolveSequenceSet(set, tracker.count)).uids;
}

/** `7:*` as the search goes on to mean it when it is kept up to date (RFC 5267 section 4.3): whatever comes is above. */
function resolveLasting(set: SequenceSet, lastUid: number): Ranges {
  const open = set.flatMap(([a, b]) => a === b ? [] : a === STAR ? [b] : b === STAR ? [a] : []);
  const resolved = resolveSequenceSet(set, lastUid);
  if (open.length === 0) return resolved;
  const from = Math.min(...open, lastUid === 0 ? UID_MAX : lastUid);
  return mergeRanges([...resolved, [from, UID_MAX]]);
}

/** What is answered when nothing is said, where ESEARCH is the only answer there is. */
export const RETURN_ALL: SearchReturn = {
  items: new Set(["ALL"] as const),
  partial: null,
  save: false,
  update: null,
};
