/**
 * Clearing up, one slice per call, so that no slice keeps deliveries waiting: messages of removed mailboxes, what is left of
 * removed accounts, hidden messages past their time, bodies that nobody refers to, traces and facts past theirs.
 */
import { deleteBodySlice, releaseBody } from "./bodies.ts";
import type { Command, WriteContext } from "./context.ts";
import { purgeFacts } from "./facts.ts";
import { rowsIn } from "./message_rows.ts";
import { disposeOf } from "./removal.ts";
import { purgeTrace, purgeTraceKeys } from "./trace.ts";

const ROWS = 200;
const CHUNKS = 64;

export const sweep: Command<"sweep"> = (context, { purgeBefore, traceBefore }) =>
  sweepMailbox(context) || sweepAccount(context) || shortenLog(context) ||
  purgeHidden(context, purgeBefore) || sweepBody(context) ||
  (traceBefore !== null && purgeOldTrace(context, { before: traceBefore, limit: ROWS })) ||
  purgeFacts(context, ROWS) > 0;

/** One slice of emptying what was removed; true when there may be more. */
export const emptyRemoved: Command<"emptyRemoved"> = (context) => sweepMailbox(context);

/** Empties a removed mailbox. The messages of a removed account are not hidden: all its mail goes. */
function sweepMailbox(context: WriteContext): boolean {
  const { db } = context;
  const mailbox = db.get<{ id: number; account_id: number; name: string; account: string | null }>(
    `SELECT m.id, m.account_id, m.name, a.name AS account FROM mailboxes m JOIN accounts a ON a.id = m.account_id
     WHERE m.removed = 1 LIMIT 1`,
  );
  if (mailbox === undefined) return false;
  const { rows } = rowsIn(context, mailbox.id, [[1, 0xffffffff]], { limit: ROWS });
  const keepsExpunged = context.keepsExpunged && mailbox.account !== null;
  disposeOf({ ...context, keepsExpunged }, mailbox, rows);
  if (rows.length < ROWS && dropLog(context, mailbox.id) < ROWS) {
    db.run("DELETE FROM acl WHERE mailbox_id = ?", mailbox.id);
    db.run("DELETE FROM annotations WHERE mailbox_id = ?", mailbox.id);
    db.run("DELETE FROM mailboxes WHERE id = ?", mailbox.id);
  }
  return true;
}

function dropLog({ db }: WriteContext, mailboxId: number): number {
  return db.run(
    `DELETE FROM expunged WHERE (mailbox_id, modseq, uid) IN
     (SELECT mailbox_id, modseq, uid FROM expunged WHERE mailbox_id = ? LIMIT ${ROWS})`,
    mailboxId,
  );
}

/** So many expunged UIDs are remembered of a mailbox; a client that was away for longer compares UIDs itself. */
const LOG_KEPT = 100_000;

/** Forgets the oldest of a log that is too long, and notes up to where (RFC 7162 section 5). */
function shortenLog({ db }: WriteContext): boolean {
  const mailbox = db.get<{ id: number; logged: number }>(
    `SELECT id, logged FROM mailboxes WHERE logged > ${LOG_KEPT} LIMIT 1`,
  );
  if (mailbox === undefined) return false;
  const oldest = db.arrays<[modseq: number, uid: number]>(
    "SELECT modseq, uid FROM expunged WHERE mailbox_id = ? ORDER BY modseq, uid LIMIT ?",
    mailbox.id,
    Math.min(ROWS, mailbox.logged - LOG_KEPT),
  );
  const [modseq, uid] = oldest.at(-1)!;
  db.run("DELETE FROM expunged WHERE mailbox_id = ? AND (modseq, uid) <= (?, ?)", mailbox.id, modseq, uid);
  db.run(
    "UPDATE mailboxes SET logged = logged - ?, log_from = ? WHERE id = ?",
    oldest.length,
    modseq,
    mailbox.id,
  );
  return true;
}

/** Its mailboxes are gone by now. */
function sweepAccount(context: WriteContext): boolean {
  const { db } = context;
  const account = db.get<{ id: number }>("SELECT id FROM accounts WHERE name IS NULL LIMIT 1");
  if (account === undefined) return false;
  const released = releaseHidden(
    context,
    db.all<HiddenRow>(`SELECT id, body_id FROM hidden WHERE account_id = ? LIMIT ${ROWS}`, account.id),
  );
  if (released < ROWS) {
    db.run("DELETE FROM subscriptions WHERE account_id = ?", account.id);
    db.run("DELETE FROM retired_names WHERE account_id = ?", account.id);
    db.run("DELETE FROM accounts WHERE id = ?", account.id);
  }
  return true;
}

interface HiddenRow {
  readonly id: number;
  readonly body_id: number;
}

function purgeHidden(context: WriteContext, before: number): boolean {
  const expired = context.db.all<HiddenRow>(
    `SELECT id, body_id FROM hidden WHERE expunged_at < ? ORDER BY expunged_at LIMIT ${ROWS}`,
    before,
  );
  return releaseHidden(context, expired) > 0;
}

function releaseHidden(context: WriteContext, rows: readonly HiddenRow[]): number {
  for (const { id, body_id } of rows) {
    context.db.run("DELETE FROM hidden WHERE id = ?", id);
    releaseBody(context, body_id);
  }
  return rows.length;
}

function sweepBody(context: WriteContext): boolean {
  const loose = context.db.all<{ id: number }>(
    `SELECT id FROM bodies WHERE refs <= 0 AND refs = 0 LIMIT ${ROWS}`,
  );
  let budget = CHUNKS;
  for (const { id } of loose) {
    budget -= deleteBodySlice(context, id, budget);
    if (budget <= 0) break;
  }
  return loose.length > 0;
}

function purgeOldTrace(context: WriteContext, bounds: { before: number; limit: number }): boolean {
  return purgeTrace(context, bounds) > 0 || purgeTraceKeys(context, bounds) > 0;
}
