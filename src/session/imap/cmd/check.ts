import { ok } from "../../../wire/imap/mod.ts";
import { type Command, command, noArguments, SELECTED } from "../command.ts";

/** RFC 3501 section 6.4.1: everything is on disk already. */
export const check: Command = command({
  states: SELECTED,
  decode: noArguments,
  handle: () => ok("Checked"),
});
