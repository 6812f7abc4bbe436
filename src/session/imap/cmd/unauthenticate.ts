import { bad, bye, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command, noArguments } from "../command.ts";
import { SessionOver } from "../errors.ts";
import { offersUnauthenticate } from "../log_out.ts";

/** RFC 8437 section 3: the session is as it was after its greeting, but for TLS, which stays. */
export const unauthenticate: Command = command({
  states: AFTER_LOGIN,
  decode: noArguments,
  handle: (session) => {
    // Section 8: it can be switched off.
    if (session.limits.unauthentications === 0) return bad("UNAUTHENTICATE is switched off here");
    // Section 3: never NO, since a client may have sent the next log-in already, and must not go on as who it was.
    if (!offersUnauthenticate(session)) throw new SessionOver(bye("Connect anew to log in as somebody else"));
    session.log.info("auth-given-up", { account: session.account });
    session.logOut();
    return ok("Logged out of the account");
  },
});
