import { ProtocolError } from "../../../core/errors.ts";
import { err, ok } from "../../../wire/pop3/mod.ts";
import { type Answer, passwordAllowed, type Pop3Session } from "../context.ts";
import { openMaildrop } from "../maildrop.ts";
import { ReadAhead } from "../read_ahead.ts";

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

function loginFailed(session: Pop3Session): Answer {
  session.loginFailures++;
  // RFC 3206 section 4: [AUTH] says that the password is wrong, and not that something is out of order.
  const reply = err("User name or password is wrong", "AUTH");
  const tooMany = session.loginFailures >= session.deps.limits.current.loginFailures;
  return tooMany ? { reply, next: "close" } : { reply };
}

async function openFor(session: Pop3Session, account: string): Promise<Answer> {
  const release = session.deps.locks.take(account);
  // RFC 2449 section 8.1.1
  if (release === null) return { reply: err("Another session has this maildrop open", "IN-USE") };
  try {
    const maildrop = await openMaildrop(session.deps.store, account);
    const readAhead = new ReadAhead(session.deps.store.bodies, maildrop);
    session.login = { account, maildrop, readAhead, release };
    session.state = "transaction";
    session.log = session.log.with({ account });
    session.log.info("pop3-login", { messages: maildrop.count, bytes: maildrop.bytes });
    return { reply: ok(`Logged in, ${maildrop.count} messages`) };
  } catch (error) {
    release();
    throw error;
  }
}
