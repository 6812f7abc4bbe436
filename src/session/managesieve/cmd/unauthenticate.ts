import { ok } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command, noArguments } from "../command.ts";

/** RFC 5804 section 2.14. */
export const unauthenticate: Command = command({
  states: AFTER_LOGIN,
  decode: noArguments,
  handle: (session) => {
    session.log.info("auth-given-up", { account: session.account });
    session.logOut();
    return { response: ok("Logged out of the account") };
  },
});
