import { err, ok } from "../../wire/pop3/mod.ts";
import type { Answer, Pop3Session } from "./context.ts";
import { openMaildrop } from "./maildrop.ts";
import { ReadAhead } from "./read_ahead.ts";

/** The bad end of PASS and of AUTH alike. */
export function loginFailed(session: Pop3Session): Answer {
  session.loginFailures++;
  // RFC 3206 section 4: [AUTH] says that the password is wrong, and not that something is out of order.
  const reply = err("User name or password is wrong", "AUTH");
  const tooMany = session.loginFailures >= session.deps.limits.current.loginFailures;
  return tooMany ? { reply, next: "close" } : { reply };
}

/** The good end: takes the maildrop and opens it. */
export async function openFor(session: Pop3Session, account: string): Promise<Answer> {
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
