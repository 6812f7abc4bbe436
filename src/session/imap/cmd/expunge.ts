import { type Decoder, decodeSequenceSet, ok, type SequenceSet } from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, noArguments, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { limited, withLimit } from "../message_limit.ts";
import { requireWritable } from "../selected.ts";
import { NOTHING, type Selection } from "../tracker.ts";

/** RFC 3501 section 6.4.3. */
export const expunge: Command = command({
  states: SELECTED,
  decode: noArguments,
  handle: async (session) => {
    const { count, lastUid } = session.selected.tracker;
    await remove(session, count === 0 ? NOTHING : { uids: [[1, lastUid]], count });
    return withModseq(session, ok("Expunged"));
  },
});

/** RFC 4315 section 2.1. */
export const uidExpunge: Command = command({
  states: SELECTED,
  decode: decodeSet,
  handle: async (session, set) => {
    const whole = session.resolve(set, "uid");
    const selection = limited(session, whole);
    await remove(session, selection);
    return withModseq(session, withLimit(session, { whole, selection }, ok("Expunged")));
  },
});

function decodeSet(args: Decoder): SequenceSet {
  args.expectSpace();
  const set = decodeSequenceSet(args);
  args.expectEnd();
  return set;
}

async function remove(session: ImapSession, selection: Selection): Promise<void> {
  requireWritable(session.selected, ["e"]);
  if (selection.count === 0) return;
  const removed = await session.store.messages.expunge(session.selected.id, selection.uids);
  if (removed.length > 0) await session.sync({ expunge: true, force: true });
}

/** RFC 7162 section 3.2.7: what a client that resynchronises may keep now. */
export function withModseq(session: ImapSession, answer: Answer): Answer {
  if (!session.enabled.has("QRESYNC")) return answer;
  const data = String(session.selected.knownModseq);
  if (answer.code === null) return { ...answer, code: { name: "HIGHESTMODSEQ", data } };
  // An answer has room for one code.
  session.out.status(ok("Changes are counted up to here", { code: "HIGHESTMODSEQ", data }));
  return answer;
}
