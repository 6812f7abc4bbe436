import { ok } from "../../../wire/imap/mod.ts";
import { type Command, command, noArguments, SELECTED } from "../command.ts";

/** RFC 3691: as CLOSE, but nothing is expunged. */
export const unselect: Command = command({
  states: SELECTED,
  decode: noArguments,
  handle: (session) => {
    session.deselect();
    return ok("Unselected");
  },
});
