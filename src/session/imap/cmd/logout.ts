import { bye, ok } from "../../../wire/imap/mod.ts";
import { ANY_STATE, type Command, command, noArguments } from "../command.ts";

/** RFC 3501 section 6.1.3: BYE comes before OK. */
export const logout: Command = command({
  states: ANY_STATE,
  updates: "no-expunge",
  decode: noArguments,
  handle: (session) => {
    session.deselect();
    session.out.status(bye("Goodbye"));
    return { ...ok("Logged out"), next: "close" };
  },
});
