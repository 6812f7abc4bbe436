import { ProtocolError } from "../../../core/errors.ts";
import { err, ok } from "../../../wire/pop3/mod.ts";
import { type Answer, passwordAllowed, type Pop3Session } from "../context.ts";

/** RFC 1939 section 7. The answer does not tell whether there is such a user. */
export function user(session: Pop3Session, rest: string): Answer {
  if (rest.trim() === "") throw new ProtocolError("USER needs a name");
  if (!passwordAllowed(session)) return { reply: err("Use STLS first: no log-in without TLS", "SYS/PERM") };
  session.user = rest.trim();
  return { reply: ok("Now the password") };
}
