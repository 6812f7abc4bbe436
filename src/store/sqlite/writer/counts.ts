/** What a mailbox keeps count of, so that STATUS and the quota (`room.ts`) cost the same however many messages there are. */
import { DELETED, SEEN } from "../../flags.ts";
import { NoSuchMailbox } from "../../errors.ts";
import { mailboxById, type MailboxRecord } from "../records.ts";
import type { RowArray } from "../rows.ts";
import type { WriteContext } from "./context.ts";

export function requireMailbox({ db }: WriteContext, mailboxId: number): MailboxRecord {
  const mailbox = mailboxById(db, mailboxId);
  if (mailbox === null) throw new NoSuchMailbox();
  return mailbox;
}

/** Takes the mailbox's next modseq and counts messages that came (and took UIDs) or went (and left them in the log). */
export function countMessages(
  { db }: WriteContext,
  mailboxId: number,
  { rows, sign }: { readonly rows: readonly RowArray[]; readonly sign: 1 | -1 },
): number {
  let unseen = 0;
  let bytes = 0;
  let deleted = 0;
  let deletedBytes = 0;
  for (const [, , bits, , size] of rows) {
    if ((bits & SEEN) === 0) unseen++;
    bytes += size;
    if ((bits & DELETED) === 0) continue;
    deleted++;
    deletedBytes += size;
  }
  return db.get<{ modseq: number }>(
    `UPDATE mailboxes SET modseq = modseq + 1, uidnext = uidnext + ?, logged = logged + ?, messages = messages + ?,
     unseen = unseen + ?, bytes = bytes + ?, deleted = deleted + ?, deleted_bytes = deleted_bytes + ?
     WHERE id = ? RETURNING modseq`,
    sign === 1 ? rows.length : 0,
    sign === 1 ? 0 : rows.length,
    sign * rows.length,
    sign * unseen,
    sign * bytes,
    sign * deleted,
    sign * deletedBytes,
    mailboxId,
  )!.modseq;
}
