import { NoSuchMailbox } from "../../errors.ts";
import { applyChange, DELETED, parseChange, SEEN } from "../../flags.ts";
import { mailboxById, type MailboxRecord } from "../records.ts";
import { packRows, type RowArray } from "../rows.ts";
import { releaseBody } from "./bodies.ts";
import type { Command, WriteContext } from "./context.ts";
import { rowsIn, takeOut } from "./transfer.ts";

export const setFlags: Command<"setFlags"> = (context, { mailboxId, uids, change, unchangedSince }) => {
  const { db, effects } = context;
  const parsed = parseChange(change);
  const mailbox = requireMailbox(context, mailboxId);
  const modseq = mailbox.modseq + 1;
  const rows: RowArray[] = [];
  const modified: number[] = [];
  let unseen = 0;
  let changed = false;
  for (const row of rowsIn(context, mailboxId, uids)) {
    const [uid, oldModseq, bits, internalDate, size, bodyId, keywords] = row;
    if (unchangedSince !== null && oldModseq > unchangedSince) {
      modified.push(uid);
      continue;
    }
    const next = applyChange({ bits, keywords: keywords ?? "" }, parsed);
    if (next.bits === bits && next.keywords === (keywords ?? "")) {
      rows.push(row);
      continue;
    }
    const text = next.keywords === "" ? null : next.keywords;
    db.run(
      "UPDATE messages SET modseq = ?, flags = ?, keywords = ? WHERE mailbox_id = ? AND uid = ?",
      modseq,
      next.bits,
      text,
      mailboxId,
      uid,
    );
    unseen += (bits & SEEN) - (next.bits & SEEN);
    changed = true;
    rows.push([uid, modseq, next.bits, internalDate, size, bodyId, text]);
  }
  if (changed) {
    db.run("UPDATE mailboxes SET modseq = ?, unseen = unseen + ? WHERE id = ?", modseq, unseen, mailboxId);
    effects.mailboxChanged(mailboxId, modseq);
  }
  return { rows: packRows(rows), modified };
};

export const expunge: Command<"expunge"> = (context, { mailboxId, uids, any }) => {
  const mailbox = requireMailbox(context, mailboxId);
  const rows = rowsIn(context, mailboxId, uids).filter((row) => any || (row[2] & DELETED) !== 0);
  if (rows.length === 0) return [];
  takeOut(context, mailboxId, rows);
  hideOrRelease(context, mailbox, rows);
  return rows.map((row) => row[0]);
};

export const claimRecent: Command<"claimRecent"> = (context, { mailboxId }) => {
  const mailbox = requireMailbox(context, mailboxId);
  context.db.run("UPDATE mailboxes SET recent_from = uidnext WHERE id = ?", mailboxId);
  return mailbox.recent_from;
};

/** What becomes of the bodies of messages that were taken out: hidden for a while, or given up. */
export function hideOrRelease(
  context: WriteContext,
  mailbox: Pick<MailboxRecord, "account_id" | "name">,
  rows: readonly RowArray[],
): void {
  for (const [, , bits, internalDate, size, bodyId, keywords] of rows) {
    if (!context.keepsExpunged) {
      releaseBody(context, bodyId);
      continue;
    }
    context.db.run(
      `INSERT INTO hidden (account_id, mailbox_name, expunged_at, flags, keywords, internal_date, size, body_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      mailbox.account_id,
      mailbox.name,
      context.now,
      bits,
      keywords,
      internalDate,
      size,
      bodyId,
    );
  }
}

function requireMailbox({ db }: WriteContext, mailboxId: number): MailboxRecord {
  const mailbox = mailboxById(db, mailboxId);
  if (mailbox === null) throw new NoSuchMailbox();
  return mailbox;
}
