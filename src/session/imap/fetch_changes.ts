/** The FETCH modifiers CHANGEDSINCE and VANISHED (RFC 7162 sections 3.1.4.1 and 3.2.6). */
import { ProtocolError } from "../../core/errors.ts";
import {
  type FetchArguments,
  mergeRanges,
  type Ranges,
  resolveSequenceSet,
  SAVED_RESULT,
  type SequenceSet,
} from "../../wire/imap/mod.ts";
import { inRanges } from "../../store/ranges.ts";
import type { ImapSession } from "./context.ts";
import type { Selection, Tracker } from "./tracker.ts";
import { tellVanished } from "./updates.ts";

/** Throws BAD for modifiers that do not fit, and switches on what they ask for, as the item MODSEQ does (section 3.1). */
export function beginChanges(session: ImapSession, args: FetchArguments, by: "sequence" | "uid"): void {
  const { changedSince, vanished } = args.modifiers;
  if (vanished && by === "sequence") throw new ProtocolError("VANISHED goes with UID FETCH only");
  if (vanished && !session.enabled.has("QRESYNC")) throw new ProtocolError("Send ENABLE QRESYNC first");
  if (changedSince !== null || args.items.some(({ kind }) => kind === "modseq")) session.enable("CONDSTORE");
}

/** What of the selection has changed; tells before of what is gone. Costs what changed, not what there is. */
export async function selectChanged(
  session: ImapSession,
  args: FetchArguments,
  whole: Selection,
): Promise<Selection> {
  const { changedSince, vanished } = args.modifiers;
  if (changedSince === null) return whole;
  const { selected, store } = session;
  const { tracker } = selected;
  const uids = vanished ? namedUids(tracker, args.set) : whole.uids;
  const changes = await store.messages.changesSince(selected.id, changedSince, { uids });
  if (vanished) await tellEarlier(session, changes.vanished);
  const changed = changes.changed
    .map(({ uid }) => uid)
    .filter((uid) => inRanges(whole.uids, uid) && tracker.sequenceOf(uid) > 0);
  return { uids: mergeRanges(changed.map((uid) => [uid, uid])), count: changed.length };
}

/** The UIDs of the set whether they are in the view or not. */
function namedUids(tracker: Tracker, set: SequenceSet): Ranges {
  return set === SAVED_RESULT ? tracker.saved : resolveSequenceSet(set, tracker.lastUid);
}

async function tellEarlier(session: ImapSession, vanished: readonly number[]): Promise<void> {
  // What this session still counts is told first, as an expunge of now (section 3.2.10.2).
  await session.sync({ expunge: true });
  const { selected: { tracker }, out, pace } = session;
  const earlier = vanished.filter((uid) => tracker.sequenceOf(uid) === 0);
  await tellVanished({ out, pace }, earlier, { earlier: true });
}
