import type { Mailbox } from "../../store/mod.ts";
import { encodeMailbox, type StatusItem } from "../../wire/imap/mod.ts";
import type { Access } from "./access.ts";
import type { ImapSession } from "./context.ts";

const UID_MAX = 0xffff_ffff;

/** Answers STATUS, and LIST that asks for it (RFC 5819). */
export async function tellStatus(
  session: ImapSession,
  access: Pick<Access, "mailbox" | "name">,
  items: readonly StatusItem[],
): Promise<void> {
  // RFC 7162 section 3.1: to ask for it is to count changes.
  if (items.includes("HIGHESTMODSEQ")) session.enable("CONDSTORE");
  await writeStatus(session, access, items);
}

/** Writes `* STATUS name (...)` (RFC 3501 section 7.2.4), asked for or not. */
export async function writeStatus(
  session: ImapSession,
  { mailbox, name }: Pick<Access, "mailbox" | "name">,
  items: readonly StatusItem[],
): Promise<void> {
  const figures: string[] = [];
  for (const item of items) figures.push(`${item} ${await figure(session, mailbox, item)}`);
  const { encoder } = session.out;
  encoder.text("* STATUS ");
  encodeMailbox(encoder, name);
  encoder.line(` (${figures.join(" ")})`);
}

/** All of them are kept by the store and cost nothing to ask for, but for RECENT. */
function figure(
  session: ImapSession,
  mailbox: Mailbox,
  item: StatusItem,
): number | string | Promise<number> {
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
    case "DELETED":
      return mailbox.deleted;
    case "DELETED-STORAGE":
      return mailbox.deletedBytes;
    case "SIZE":
      return mailbox.bytes;
    case "HIGHESTMODSEQ":
      return mailbox.highestModseq;
    case "APPENDLIMIT":
      return session.limits.messageBytes;
    case "MAILBOXID":
      return `(${mailboxObjectId(mailbox)})`;
  }
}

/** RFC 8474 section 4: it stays when the mailbox is renamed, and is never used again. */
export function mailboxObjectId({ id }: Pick<Mailbox, "id">): string {
  return `F${id}`;
}

/** Only the messages that no session has seen yet are counted one by one. */
async function countRecent(session: ImapSession, { id, recentFrom, uidNext }: Mailbox): Promise<number> {
  if (recentFrom >= uidNext) return 0;
  let count = 0;
  for await (const rows of session.store.messages.rows(id, [[recentFrom, UID_MAX]])) count += rows.length;
  return count;
}
