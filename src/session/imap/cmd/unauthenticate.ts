import { ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command, noArguments } from "../command.ts";

/** RFC 8437 section 3: the session is as it was after its greeting, but for TLS and compression, which stay. */
export const unauthenticate: Command = command({
  states: AFTER_LOGIN,
  decode: noArguments,
  handle: (session) => {
    session.log.info("auth-given-up", { account: session.account });
    session.logOut();
    return ok("Logged out of the account");
  },
});
