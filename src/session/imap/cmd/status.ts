import type { Mailbox } from "../../../store/mod.ts";
import { decodeStatus, encodeMailbox, ok, type StatusItem } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";

const UID_MAX = 0xffff_ffff;

/** RFC 3501 section 6.3.10. */
export const status: Command = command({
  states: AFTER_LOGIN,
  decode: decodeStatus,
  handle: async (session, args) => {
    const { mailbox } = await openAccess(session, args.mailbox, { needs: ["r"] });
    const figures: string[] = [];
    for (const item of args.items) figures.push(`${item} ${await figure(session, mailbox, item)}`);
    const { encoder } = session.out;
    encoder.text("* STATUS ");
    encodeMailbox(encoder, mailbox.name);
    encoder.line(` (${figures.join(" ")})`);
    return ok("This is the status");
  },
});

function figure(session: ImapSession, mailbox: Mailbox, item: StatusItem): number | Promise<number> {
  switch (item) {
    case "MESSAGES":
      return mailbox.messages;
    case "UIDNEXT":
      return mailbox.uidNext;
    case "UIDVALIDITY":
      return mailbox.uidValidity;
    case "UNSEEN":
      return mailbox.unseen;
    case "RECENT":
      return countRecent(session, mailbox);
  }
}

/** Only the messages that no session has seen yet are counted one by one. */
async function countRecent(session: ImapSession, { id, recentFrom, uidNext }: Mailbox): Promise<number> {
  if (recentFrom >= uidNext) return 0;
  let count = 0;
  for await (const rows of session.store.messages.rows(id, [[recentFrom, UID_MAX]])) count += rows.length;
  return count;
}
