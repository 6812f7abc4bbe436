import { ok } from "../../../wire/pop3/mod.ts";
import { type Answer, maildropOf, type Pop3Session } from "../context.ts";

/** RFC 1939 section 5. */
export function stat(session: Pop3Session): Answer {
  const maildrop = maildropOf(session);
  return { reply: ok(`${maildrop.count} ${maildrop.bytes}`) };
}
