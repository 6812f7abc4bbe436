import { saslMechanisms } from "../../../intake/sasl_log_in.ts";
import { ok } from "../../../wire/pop3/mod.ts";
import { type Answer, passwordAllowed, type Pop3Session } from "../context.ts";

/** RFC 2449 section 5. */
export function capa(session: Pop3Session): Answer {
  const lines = [
    "TOP",
    "UIDL",
    "RESP-CODES",
    // RFC 3206 section 6
    "AUTH-RESP-CODE",
    "PIPELINING",
    // RFC 2449 section 6.7: what is in INBOX stays until somebody deletes it.
    "EXPIRE NEVER",
    ...loginDelay(session),
    // RFC 6856 sections 2 and 3: names and passwords may be UTF-8 too.
    "UTF8 USER",
    "LANG",
    ...passwordAllowed(session) ? ["USER", `SASL ${mechanisms(session).join(" ")}`] : [],
    // RFC 2595 section 4
    ...session.state === "authorization" && session.conn.tls === null ? ["STLS"] : [],
    // RFC 2449 section 6.9
    "IMPLEMENTATION Mailden",
  ];
  return { reply: ok("What this server can do"), lines };
}

/** RFC 5034 section 6; in place of LOGIN there are USER and PASS. */
export function mechanisms({ deps, conn }: Pop3Session): string[] {
  return saslMechanisms(deps, conn.tls, ["LOGIN"]);
}

/** RFC 2449 section 6.5 */
function loginDelay({ deps }: Pop3Session): string[] {
  const { loginDelayMs } = deps.limits.current;
  return loginDelayMs === 0 ? [] : [`LOGIN-DELAY ${Math.ceil(loginDelayMs / 1000)}`];
}
