import { ok, parseMessageNumber } from "../../../wire/pop3/mod.ts";
import { type Answer, entryOf, loginOf, type Pop3Session } from "../context.ts";

/** RFC 1939 section 5. */
export function retr(session: Pop3Session, rest: string): Answer {
  const entry = entryOf(session, parseMessageNumber(rest));
  session.deps.metrics.count("mailden_pop3_retrieved_total");
  return { reply: ok(`${entry.size} octets`), message: loginOf(session).readAhead.read(entry) };
}
