import { ok } from "../../../wire/imap/mod.ts";
import { type Command, command, noArguments, SELECTED } from "../command.ts";

/** RFC 3501 section 6.4.2: expunges without telling. */
export const close: Command = command({
  states: SELECTED,
  decode: noArguments,
  handle: async (session) => {
    const { selected } = session;
    if (!selected.readOnly && selected.tracker.count > 0) {
      await session.store.messages.expunge(selected.id, [[1, selected.tracker.lastUid]]);
    }
    session.deselect();
    return ok("Closed");
  },
});
