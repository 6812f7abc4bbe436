import { Refusal } from "../../core/errors.ts";
import { bye, no, ok } from "../../wire/imap/mod.ts";
import { capabilities, passwordAllowed } from "./capability.ts";
import type { Answer } from "./command.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";

/** Throws when a password may not be sent on this connection (RFC 3501 section 6.2.3, RFC 5530). */
export function requirePrivacy(session: ImapSession): void {
  if (passwordAllowed(session)) return;
  throw new Rejection(no("Use STARTTLS first", { code: "PRIVACYREQUIRED" }));
}

/** LOGIN: checks the password and ends it. */
export async function logIn(
  session: ImapSession,
  credentials: { readonly user: string; readonly password: string },
): Promise<Answer> {
  const account = await check(session, credentials);
  return account === null ? await logInFailed(session, credentials.user) : await loggedIn(session, account);
}

/** The good end of LOGIN and of AUTHENTICATE alike. */
export async function loggedIn(session: ImapSession, account: string): Promise<Answer> {
  const { deps, conn, log } = session;
  await deps.store.accounts.ensure(account);
  log.info("auth-ok", { account, client: conn.remote.host, tls: conn.tls?.version ?? null });
  session.logIn(account);
  return ok("Logged in", { code: "CAPABILITY", data: capabilities(session) });
}

async function check(
  session: ImapSession,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<string | null> {
  const { deps, conn } = session;
  try {
    return await deps.authenticate(user, password, { address: conn.remote.host, protocol: "imap" });
  } catch (error) {
    logRefusal(session, error, user);
    throw error;
  }
}

/** Notes that somebody may not log in now. */
export function logRefusal({ log, conn }: ImapSession, error: unknown, user: string | null): void {
  if (!(error instanceof Refusal)) return;
  const name = user === null ? null : shown(user);
  log.warn("auth-refused", { user: name, client: conn.remote.host, reply: error.reply.toString() });
}

/** Says no, but not at once, and not too often. */
export async function logInFailed(session: ImapSession, user: string): Promise<Answer> {
  const { deps, limits, log, conn } = session;
  session.loginFailures++;
  log.warn("auth-failed", { user: shown(user), client: conn.remote.host });
  await deps.clock.sleep(limits.loginDelayMs * session.loginFailures, deps.shutdown);
  const answer = no("Wrong name or password", { code: "AUTHENTICATIONFAILED" });
  if (session.loginFailures < limits.loginFailures) return answer;
  session.out.status(bye("Too many failed log-ins"));
  return { ...answer, next: "close" };
}

/** A name as the client sent it, cut and without controls and their kin, since it goes into the log. */
function shown(user: string): string {
  return user.slice(0, 100).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
