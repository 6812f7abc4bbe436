import { Refusal } from "../../core/errors.ts";
import { bye, no } from "../../wire/managesieve/mod.ts";
import type { Answer } from "./command.ts";
import type { ManageSieveSession } from "./context.ts";

/** Notes who is there from now on. */
export async function loggedIn(session: ManageSieveSession, account: string): Promise<void> {
  const { deps, conn, log } = session;
  await deps.store.accounts.ensure(account);
  log.info("auth-ok", { account, client: conn.remote.host, tls: conn.tls?.version ?? null });
  session.logIn(account);
}

/** Notes that somebody may not log in now. */
export function logRefusal({ log, conn }: ManageSieveSession, error: unknown): void {
  if (!(error instanceof Refusal)) return;
  log.warn("auth-refused", { client: conn.remote.host, reply: error.reply.toString() });
}

/** Says no, but not at once, and not too often. */
export async function logInFailed(session: ManageSieveSession, user: string): Promise<Answer> {
  const { deps, limits, log, conn } = session;
  session.loginFailures++;
  log.warn("auth-failed", { user: shown(user), client: conn.remote.host });
  await deps.clock.sleep(limits.loginDelayMs * session.loginFailures, deps.shutdown);
  const tooMany = session.loginFailures >= limits.loginFailures;
  return { response: tooMany ? bye("Too many failed log-ins") : no("Wrong name or password") };
}

/** A name as the client sent it, cut and without controls and their kin, since it goes into the log. */
function shown(user: string): string {
  return user.slice(0, 100).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
