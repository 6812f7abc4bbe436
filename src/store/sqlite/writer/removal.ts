/** How messages leave a mailbox. */
import type { MailboxRecord } from "../records.ts";
import type { RowArray } from "../rows.ts";
import type { WriteContext } from "./context.ts";
import { countMessages } from "./counts.ts";
import { deleteRows, uidList } from "./message_rows.ts";
import { releaseBodies } from "./references.ts";

/** Counts messages out of the mailbox and leaves their UIDs in the log of the expunged (RFC 7162 section 3.2.7). */
export function logExpunged(context: WriteContext, mailboxId: number, rows: readonly RowArray[]): void {
  const { db, effects } = context;
  const modseq = countMessages(context, mailboxId, { rows, sign: -1 });
  db.run(
    "INSERT INTO expunged (mailbox_id, modseq, uid) SELECT ?, ?, value FROM json_each(?)",
    mailboxId,
    modseq,
    uidList(rows),
  );
  effects.mailboxChanged(mailboxId, modseq);
}

/** Deletes the rows; their bodies are hidden for a while, or given up. */
export function disposeOf(
  context: WriteContext,
  mailbox: Pick<MailboxRecord, "id" | "account_id" | "name">,
  rows: readonly RowArray[],
): void {
  const uids = uidList(rows);
  if (context.keepsExpunged) {
    context.db.run(
      `INSERT INTO hidden (account_id, mailbox_name, expunged_at, flags, keywords, internal_date, size, body_id)
       SELECT ?, ?, ?, m.flags, m.keywords, m.internal_date, m.size, m.body_id
       FROM json_each(?) e CROSS JOIN messages m ON m.mailbox_id = ? AND m.uid = e.value`,
      mailbox.account_id,
      mailbox.name,
      context.now,
      uids,
      mailbox.id,
    );
  }
  deleteRows(context, mailbox.id, uids);
  if (!context.keepsExpunged) releaseBodies(context, rows.map((row) => row[5]));
}
