import { NoSuchMailbox } from "../../errors.ts";
import { checkedName, INBOX } from "../../names.ts";
import type { NewQueueEntry } from "../../mod.ts";
import { accountId } from "./accounts.ts";
import { discardBody, storeBody, type StoredBodyRef } from "./bodies.ts";
import type { Command, WriteContext } from "./context.ts";
import { ensureMailbox, mailboxIdByName } from "./mailbox_rows.ts";
import { SEEN } from "../../flags.ts";
import { enqueue } from "./spool.ts";

/** RFC 5321 section 6.1: one transaction takes the responsibility for all recipients. */
export const accept: Command<"accept"> = (context, { id, body, receivedAt, local, queued }) => {
  const entry: NewQueueEntry | null = queued !== null && queued.recipients.length > 0 ? queued : null;
  if (local.length === 0 && entry === null) {
    if (body.kind === "staged") discardBody(context, { bodyId: body.bodyId });
    return null;
  }
  const targets = local.map((target) => ({
    ...target,
    mailboxId: targetMailbox(context, target.account, target.mailbox),
  }));
  const refs = targets.length + (entry === null ? 0 : 1);
  const stored = storeBody(context, body, refs);
  for (const { mailboxId, bits, keywords } of targets) {
    insertMessage(context, mailboxId, { body: stored, bits, keywords, internalDate: receivedAt });
  }
  if (entry !== null) enqueue(context, { id, body: stored, queuedAt: receivedAt, entry });
  return stored.id;
};

function targetMailbox(context: WriteContext, account: string, name: string): number {
  const owner = accountId(context, account);
  if (name === INBOX) return mailboxIdByName(context, owner, INBOX)!;
  return ensureMailbox(context, owner, checkedName(name));
}

export const append: Command<"append"> = (context, { mailboxId, body, bits, keywords, internalDate }) => {
  const stored = storeBody(context, body, 1);
  return insertMessage(context, mailboxId, { body: stored, bits, keywords, internalDate });
};

interface NewMessage {
  readonly body: StoredBodyRef;
  readonly bits: number;
  readonly keywords: string;
  readonly internalDate: number;
}

/** Gives the message the mailbox's next UID and modseq and counts it, in one statement, then puts it in. */
function insertMessage(context: WriteContext, mailboxId: number, message: NewMessage) {
  const { db, effects } = context;
  const { body, bits, keywords, internalDate } = message;
  const place = db.get<{ uidnext: number; modseq: number; uidvalidity: number }>(
    `UPDATE mailboxes SET uidnext = uidnext + 1, modseq = modseq + 1, messages = messages + 1,
     unseen = unseen + ?, bytes = bytes + ? WHERE id = ? AND removed = 0 RETURNING uidnext, modseq, uidvalidity`,
    (bits & SEEN) === 0 ? 1 : 0,
    body.size,
    mailboxId,
  );
  if (place === undefined) throw new NoSuchMailbox();
  const uid = place.uidnext - 1;
  db.run(
    `INSERT INTO messages (mailbox_id, uid, modseq, flags, keywords, internal_date, size, body_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    mailboxId,
    uid,
    place.modseq,
    bits,
    keywords === "" ? null : keywords,
    internalDate,
    body.size,
    body.id,
  );
  effects.mailboxChanged(mailboxId, place.modseq);
  return { uid, uidValidity: place.uidvalidity };
}
