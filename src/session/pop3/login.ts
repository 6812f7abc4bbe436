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
  const wait = secondsToWait(session, account);
  if (wait > 0) {
    release();
    // RFC 2449 section 8.1.2
    return { reply: err(`You were here a moment ago, come again in ${wait} seconds`, "LOGIN-DELAY") };
  }
  try {
    const maildrop = await openMaildrop(session.deps.store, account);
    const readAhead = new ReadAhead(session.deps.store.bodies, maildrop);
    session.deps.locks.noteLogin(account, session.deps.clock.now());
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

/** RFC 2449 section 6.5: how long until the account may log in again. */
function secondsToWait({ deps }: Pop3Session, account: string): number {
  const { loginDelayMs } = deps.limits.current;
  const last = deps.locks.lastLogin(account);
  if (loginDelayMs === 0 || last === null) return 0;
  const passed = deps.clock.now() - last;
  // A clock that was put back must lock nobody out.
  return passed < 0 ? 0 : Math.max(0, Math.ceil((loginDelayMs - passed) / 1000));
}
