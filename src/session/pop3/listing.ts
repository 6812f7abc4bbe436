import { ok, parseMessageNumber } from "../../wire/pop3/mod.ts";
import { type Answer, entryOf, maildropOf, type Pop3Session } from "./context.ts";
import type { MaildropEntry } from "./maildrop.ts";

/** What LIST and UIDL have in common: one message, or all of them with a line for each. */
export function listing(
  session: Pop3Session,
  rest: string,
  format: (entry: MaildropEntry) => string,
): Answer {
  if (rest !== "") return { reply: ok(format(entryOf(session, parseMessageNumber(rest)))) };
  const maildrop = maildropOf(session);
  const lines = maildrop.entries().map(format);
  return { reply: ok(`${maildrop.count} messages (${maildrop.bytes} octets)`), lines };
}
