import { ok, parseMessageNumber } from "../../../wire/pop3/mod.ts";
import { type Answer, entryOf, maildropOf, type Pop3Session } from "../context.ts";

/** RFC 1939 section 5. Only QUIT removes. */
export function dele(session: Pop3Session, rest: string): Answer {
  const entry = entryOf(session, parseMessageNumber(rest));
  maildropOf(session).markDeleted(entry.number);
  return { reply: ok(`Message ${entry.number} will be deleted`) };
}
