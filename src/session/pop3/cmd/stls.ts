import { err, ok } from "../../../wire/pop3/mod.ts";
import type { Answer, Pop3Session } from "../context.ts";

/** RFC 2595 section 4. */
export function stls(session: Pop3Session): Answer {
  if (session.conn.tls !== null) return { reply: err("TLS is active already") };
  return { reply: ok("Begin TLS"), next: "start-tls" };
}
