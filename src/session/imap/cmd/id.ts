import { decodeId, ok } from "../../../wire/imap/mod.ts";
import { ANY_STATE, type Command, command } from "../command.ts";

/** RFC 2971. What clients say of themselves goes to the log, and decides nothing. */
export const id: Command = command({
  states: ANY_STATE,
  updates: "no-expunge",
  decode: decodeId,
  handle: (session, fields) => {
    session.log.info("client-id", {
      name: printable(fields.get("name")),
      version: printable(fields.get("version")),
    });
    session.out.line('ID ("name" "Mailden")');
    return ok("Pleased to meet you");
  },
});

/** Cut, and without controls and what turns the direction of writing, since it goes into the log. */
function printable(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, 100).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
