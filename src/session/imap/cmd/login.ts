import { decodeLogin } from "../../../wire/imap/mod.ts";
import { BEFORE_LOGIN, type Command, command } from "../command.ts";
import { logIn, requirePrivacy } from "../login.ts";

/** RFC 3501 section 6.2.3. */
export const login: Command = command({
  states: BEFORE_LOGIN,
  decode: decodeLogin,
  handle: (session, credentials) => {
    requirePrivacy(session);
    return logIn(session, credentials);
  },
});
