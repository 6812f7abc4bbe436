import { isLoopback } from "../../core/loopback.ts";
import { saslMechanisms } from "../../intake/sasl_log_in.ts";
import type { ImapSession } from "./context.ts";

/** What holds in every state. */
const ALWAYS = ["IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE"];
const AFTER_LOGIN = [
  "CHILDREN",
  "IDLE",
  "MOVE",
  "NAMESPACE",
  "SPECIAL-USE",
  "UIDPLUS",
  "UNSELECT",
];

/** The SASL mechanisms that AUTHENTICATE takes, best first; in place of LOGIN there is the command. */
export function mechanisms({ deps, conn }: ImapSession): string[] {
  return saslMechanisms(deps, conn.tls, ["LOGIN"]);
}

/** The list for CAPABILITY, the greeting and the answer to a log-in (RFC 3501 section 7.2.1). */
export function capabilities(session: ImapSession): string {
  const names = [...ALWAYS];
  if (session.isLoggedIn) names.push(...AFTER_LOGIN);
  else {
    names.push("IDLE");
    if (session.conn.tls === null) names.push("STARTTLS");
    if (passwordAllowed(session)) names.push(...mechanisms(session).map((name) => `AUTH=${name}`));
    else names.push("LOGINDISABLED");
  }
  return names.join(" ");
}

/** Whether a password may be sent now: under TLS, or, where the configuration allows it, on this machine. */
export function passwordAllowed(session: ImapSession): boolean {
  const { conn, deps } = session;
  return conn.tls !== null || (deps.plaintextAuth.current && isLoopback(conn.remote.host));
}
