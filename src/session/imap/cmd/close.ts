import { ok } from "../../../wire/imap/mod.ts";
import { type Command, command, noArguments, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";

/**
 * RFC 3501 section 6.4.2: expunges without telling, where the account may (RFC 4314 section 4). Nor is the mod-sequence told: a client
 * that kept it would never hear of what went (RFC 7162 section 3.2.8).
 */
export const close: Command = command({
  states: SELECTED,
  decode: noArguments,
  handle: async (session) => {
    await expungeAll(session);
    session.deselect();
    return ok("Closed");
  },
});

async function expungeAll({ selected, store }: ImapSession): Promise<void> {
  if (selected.readOnly || !selected.rights.includes("e") || selected.tracker.count === 0) return;
  await store.messages.expunge(selected.id, [[1, selected.tracker.lastUid]]);
}
