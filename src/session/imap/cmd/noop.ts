import { ok } from "../../../wire/imap/mod.ts";
import { ANY_STATE, type Command, command, noArguments } from "../command.ts";

/** RFC 3501 section 6.1.2: the loop tells what is new. */
export const noop: Command = command({
  states: ANY_STATE,
  decode: noArguments,
  handle: () => ok("Nothing done"),
});
