import { ProtocolError } from "../../../core/errors.ts";
import { err } from "../../../wire/pop3/mod.ts";
import { type Answer, passwordAllowed, type Pop3Session } from "../context.ts";
import { loginFailed, openFor } from "../login.ts";

/** RFC 1939 section 7. */
export async function pass(session: Pop3Session, password: string): Promise<Answer> {
  if (password === "") throw new ProtocolError("PASS needs a password");
  if (!passwordAllowed(session)) return { reply: err("Use STLS first: no log-in without TLS", "SYS/PERM") };
  const { user } = session;
  if (user === null) return { reply: err("Say USER first") };
  session.user = null;
  const from = { address: session.conn.remote.host, protocol: "pop3" };
  const account = await session.deps.authenticate(user, password, from);
  if (account === null) return loginFailed(session);
  return await openFor(session, account);
}
