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
    "EXPIRE NEVER",
    ...passwordAllowed(session) ? ["USER", `SASL ${mechanisms(session).join(" ")}`] : [],
    // RFC 2595 section 4
    ...session.state === "authorization" && session.conn.tls === null ? ["STLS"] : [],
  ];
  return { reply: ok("What this server can do"), lines };
}

/** RFC 5034 section 6; in place of LOGIN there are USER and PASS. */
export function mechanisms({ deps, conn }: Pop3Session): string[] {
  return saslMechanisms(deps, conn.tls, ["LOGIN"]);
}
