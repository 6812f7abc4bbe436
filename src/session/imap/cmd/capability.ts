import { ok } from "../../../wire/imap/mod.ts";
import { capabilities } from "../capability.ts";
import { ANY_STATE, type Command, command, noArguments } from "../command.ts";

/** RFC 3501 section 6.1.1. */
export const capability: Command = command({
  states: ANY_STATE,
  decode: noArguments,
  handle: (session) => {
    session.out.line(`CAPABILITY ${capabilities(session)}`);
    return ok("These are my capabilities");
  },
});
