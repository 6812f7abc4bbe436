import { ok } from "../../../wire/managesieve/mod.ts";
import { ANY_STATE, type Command, command, noArguments } from "../command.ts";

/** RFC 5804 section 2.3: what the client sends behind it is not looked at any more. */
export const logout: Command = command({
  states: ANY_STATE,
  decode: noArguments,
  handle: () => ({ response: ok("Bye"), next: "close" }),
});
