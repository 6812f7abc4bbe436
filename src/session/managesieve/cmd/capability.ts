import { capabilityAnswer } from "../capabilities.ts";
import { ANY_STATE, type Command, command, noArguments } from "../command.ts";

/** RFC 5804 section 2.4. */
export const capability: Command = command({
  states: ANY_STATE,
  decode: noArguments,
  handle: (session) => capabilityAnswer(session, "That is what this server can do"),
});
