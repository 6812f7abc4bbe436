import { ok } from "../../../wire/imap/mod.ts";
import { type Command, command, noArguments, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";

/** RFC 3501 section 6.4.2: expunges without telling, where the account may (RFC 4314 section 4). */
export const close: Command = command({
  states: SELECTED,
  decode: noArguments,
  handle: async (session) => {
    const modseq = await expungeAll(session);
    session.deselect();
    // RFC 7162 section 3.2.8.
    return modseq === null ? ok("Closed") : ok("Closed", { code: "HIGHESTMODSEQ", data: String(modseq) });
  },
});

/** The mod-sequence that the client may keep; null when there is none to tell. */
async function expungeAll({ selected, store, enabled }: ImapSession): Promise<number | null> {
  if (selected.readOnly || !selected.rights.includes("e") || selected.tracker.count === 0) return null;
  const removed = await store.messages.expunge(selected.id, [[1, selected.tracker.lastUid]]);
  if (removed.length === 0 || !enabled.has("QRESYNC")) return null;
  return await selected.modseqAfter(removed);
}
