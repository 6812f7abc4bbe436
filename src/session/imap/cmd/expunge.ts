import { type Decoder, decodeSequenceSet, ok, type SequenceSet } from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, noArguments, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { requireWritable } from "../selected.ts";
import { NOTHING, type Selection } from "../tracker.ts";

/** RFC 3501 section 6.4.3. */
export const expunge: Command = command({
  states: SELECTED,
  decode: noArguments,
  handle: (session) => {
    const { count, lastUid } = session.selected.tracker;
    return remove(session, count === 0 ? NOTHING : { uids: [[1, lastUid]], count });
  },
});

/** RFC 4315 section 2.1. */
export const uidExpunge: Command = command({
  states: SELECTED,
  decode: decodeSet,
  handle: (session, set) => remove(session, session.resolve(set, "uid")),
});

function decodeSet(args: Decoder): SequenceSet {
  args.expectSpace();
  const set = decodeSequenceSet(args);
  args.expectEnd();
  return set;
}

async function remove(session: ImapSession, selection: Selection): Promise<Answer> {
  requireWritable(session.selected, ["e"]);
  if (selection.count > 0) {
    const removed = await session.store.messages.expunge(session.selected.id, selection.uids);
    if (removed.length > 0) await session.sync({ expunge: true, force: true });
  }
  return ok("Expunged");
}
