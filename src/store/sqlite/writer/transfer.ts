import { SEEN } from "../../flags.ts";
import { NoSuchMailbox } from "../../errors.ts";
import type { UidCopy, UidRanges } from "../../mod.ts";
import { mailboxById } from "../records.ts";
import { ROW_COLUMNS, type RowArray } from "../rows.ts";
import { retainBody } from "./bodies.ts";
import type { Command, WriteContext } from "./context.ts";

export const copy: Command<"copy"> = (context, { mailboxId, uids, toMailboxId, move }) =>
  transferMessages(context, { from: mailboxId, to: toMailboxId, uids, move });

interface Transfer {
  readonly from: number;
  readonly to: number;
  readonly uids: UidRanges;
  /** A moved message takes its reference to the body along; a copied one adds a reference. */
  readonly move: boolean;
}

export function transferMessages(context: WriteContext, transfer: Transfer): UidCopy {
  const { db, effects } = context;
  const target = mailboxById(db, transfer.to);
  if (target === null || mailboxById(db, transfer.from) === null) throw new NoSuchMailbox();
  const rows = rowsIn(context, transfer.from, transfer.uids);
  const from = rows.map((row) => row[0]);
  const to = rows.map((_, place) => target.uidnext + place);
  if (rows.length > 0) {
    const { modseq } = countMessages(context, transfer.to, { rows, sign: 1 });
    rows.forEach((row, place) => insertRow(context, transfer.to, { row, uid: to[place]!, modseq }));
    effects.mailboxChanged(transfer.to, modseq);
    if (transfer.move) takeOut(context, transfer.from, rows);
    else for (const row of rows) retainBody(context, row[5]);
  }
  return { uidValidity: target.uidvalidity, from, to };
}

/** The rows in the ranges, ascending, and each once even if ranges overlap: what is counted by them must be right. */
export function rowsIn({ db }: WriteContext, mailboxId: number, uids: UidRanges): RowArray[] {
  const rows: RowArray[] = [];
  for (const [first, to] of uids) {
    const from = Math.max(first, (rows.at(-1)?.[0] ?? 0) + 1);
    for (
      const row of db.arrays<RowArray>(
        `SELECT ${ROW_COLUMNS} FROM messages m WHERE m.mailbox_id = ? AND m.uid BETWEEN ? AND ? ORDER BY m.uid`,
        mailboxId,
        from,
        to,
      )
    ) rows.push(row);
  }
  return rows;
}

/** Takes rows out of a mailbox, leaving their UIDs in the log of the expunged (RFC 7162 section 3.2.7). */
export function takeOut(context: WriteContext, mailboxId: number, rows: readonly RowArray[]): void {
  const { db, effects } = context;
  const { modseq } = countMessages(context, mailboxId, { rows, sign: -1 });
  for (const [uid] of rows) {
    db.run("INSERT INTO expunged (mailbox_id, modseq, uid) VALUES (?, ?, ?)", mailboxId, modseq, uid);
    db.run("DELETE FROM messages WHERE mailbox_id = ? AND uid = ?", mailboxId, uid);
  }
  effects.mailboxChanged(mailboxId, modseq);
}

/** Takes the mailbox's next modseq and counts messages that came (and took UIDs) or went. */
function countMessages(
  { db }: WriteContext,
  mailboxId: number,
  { rows, sign }: { readonly rows: readonly RowArray[]; readonly sign: 1 | -1 },
): { readonly modseq: number } {
  const unseen = rows.reduce((sum, row) => sum + ((row[2] & SEEN) === 0 ? 1 : 0), 0);
  const bytes = rows.reduce((sum, row) => sum + row[4], 0);
  return db.get<{ modseq: number }>(
    `UPDATE mailboxes SET modseq = modseq + 1, uidnext = uidnext + ?, messages = messages + ?,
     unseen = unseen + ?, bytes = bytes + ? WHERE id = ? RETURNING modseq`,
    sign === 1 ? rows.length : 0,
    sign * rows.length,
    sign * unseen,
    sign * bytes,
    mailboxId,
  )!;
}

function insertRow(
  { db }: WriteContext,
  mailboxId: number,
  { row, uid, modseq }: { readonly row: RowArray; readonly uid: number; readonly modseq: number },
): void {
  const [, , bits, internalDate, size, bodyId, keywords] = row;
  db.run(
    `INSERT INTO messages (mailbox_id, uid, modseq, flags, keywords, internal_date, size, body_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    mailboxId,
    uid,
    modseq,
    bits,
    keywords,
    internalDate,
    size,
    bodyId,
  );
}
