import { mailboxFull, NoSuchMailbox, NoSuchMessage } from "../../errors.ts";
import { checkedName, INBOX } from "../../names.ts";
import type { NewQueueEntry } from "../../mod.ts";
import type { QuotaLimit } from "../../quota.ts";
import { accountId } from "./accounts.ts";
import { discardBody, storeBody, type StoredBodyRef } from "./bodies.ts";
import type { Command, WriteContext } from "./context.ts";
import { putFacts } from "./facts.ts";
import { ensureMailbox, mailboxIdByName } from "./mailbox_rows.ts";
import { requireMailbox } from "./counts.ts";
import { rowsIn } from "./message_rows.ts";
import { removeRows } from "./messages.ts";
import { accountsWithoutRoom, requireWithin, type Version } from "./room.ts";
import { DELETED, SEEN } from "../../flags.ts";
import type { NewMessageArgument } from "../protocol.ts";
import { enqueue } from "./spool.ts";

/** RFC 5321 section 6.1: one transaction takes the responsibility for all recipients. */
export const accept: Command<"accept"> = (context, delivery) => {
  const { id, receivedAt, edited, queued, facts } = delivery;
  const full = accountsWithoutRoom(context, [delivery, ...edited]);
  const version = ({ body, local }: Version): Version =>
    full.size === 0 ? { body, local } : { body, local: local.filter(({ account }) => !full.has(account)) };
  const versions = edited.map(version);
  const main = version(delivery);
  const entry: NewQueueEntry | null = queued !== null && queued.recipients.length > 0 ? queued : null;
  if (full.size > 0 && entry === null && [main, ...versions].every(({ local }) => local.length === 0)) {
    throw mailboxFull();
  }
  putFacts(context, facts.filter(({ account }) => account === undefined || !full.has(account)));
  for (const one of versions) deliver(context, one, { receivedAt, refs: 0 });
  const stored = deliver(context, main, { receivedAt, refs: entry === null ? 0 : 1 });
  if (entry !== null) enqueue(context, { id, body: stored!, queuedAt: receivedAt, entry });
  return { bodyId: stored?.id ?? null, full: [...full] };
};

/** Stores a body and puts it into mailboxes; `refs` others refer to it too. Null, and not stored, when nobody is to have it. */
function deliver(
  context: WriteContext,
  { body, local }: Version,
  { receivedAt, refs }: { readonly receivedAt: number; readonly refs: number },
): StoredBodyRef | null {
  if (local.length + refs === 0) {
    if (body.kind === "staged") discardBody(context, { bodyId: body.bodyId });
    return null;
  }
  const targets = local.map((target) => ({
    ...target,
    mailboxId: targetMailbox(context, target.account, target.mailbox),
  }));
  const stored = storeBody(context, body, refs + targets.length);
  for (const { mailboxId, bits, keywords } of targets) {
    insertMessage(context, mailboxId, { body: stored, bits, keywords, internalDate: receivedAt });
  }
  return stored;
}

function targetMailbox(context: WriteContext, account: string, name: string): number {
  const owner = accountId(context, account);
  if (name === INBOX) return mailboxIdByName(context, owner, INBOX)!;
  return ensureMailbox(context, owner, checkedName(name));
}

/** All or none (RFC 3502 section 6). */
export const append: Command<"append"> = (context, { messages }) => {
  requireRoomForKeywords(context, messages);
  return putIn(context, messages);
};

function putIn(context: WriteContext, messages: readonly NewMessageArgument[]) {
  const quotas = new Map<number, Set<QuotaLimit | null>>();
  const places = messages.map(({ mailboxId, body, bits, keywords, internalDate, quota }) => {
    const stored = storeBody(context, body, 1);
    const { owner, ...place } = insertMessage(context, mailboxId, {
      body: stored,
      bits,
      keywords,
      internalDate,
    });
    quotas.set(owner, (quotas.get(owner) ?? new Set()).add(quota));
    return place;
  });
  // Once for all of them: what an account has is the sum over its mailboxes, of which there may be thousands.
  for (const [owner, limits] of quotas) for (const quota of limits) requireWithin(context, owner, quota);
  return places;
}

/** Asked before the write changes anything: see `KeywordBook`. */
function requireRoomForKeywords(context: WriteContext, messages: readonly NewMessageArgument[]): void {
  for (const [mailboxId, some] of Map.groupBy(messages, (message) => message.mailboxId)) {
    const { keywordLimit } = some[0]!;
    context.keywords.require(context, mailboxId, some.map(({ keywords }) => keywords), keywordLimit);
  }
}

/** RFC 8508: what comes counts against the quota when what goes is gone. */
export const replace: Command<"replace"> = (context, { source, uid, message }) => {
  const mailbox = requireMailbox(context, source);
  const { rows } = rowsIn(context, source, [[uid, uid]], { limit: 1 });
  if (rows.length === 0) throw new NoSuchMessage();
  requireRoomForKeywords(context, [message]);
  removeRows(context, mailbox, rows);
  return putIn(context, [message])[0]!;
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
  const isDeleted = (bits & DELETED) !== 0;
  const place = db.get<{ account_id: number; uidnext: number; modseq: number; uidvalidity: number }>(
    `UPDATE mailboxes SET uidnext = uidnext + 1, modseq = modseq + 1, messages = messages + 1, unseen = unseen + ?,
     bytes = bytes + ?, deleted = deleted + ?, deleted_bytes = deleted_bytes + ? WHERE id = ? AND removed = 0
     RETURNING account_id, uidnext, modseq, uidvalidity`,
    (bits & SEEN) === 0 ? 1 : 0,
    body.size,
    isDeleted ? 1 : 0,
    isDeleted ? body.size : 0,
    mailboxId,
  );
  if (place === undefined) throw new NoSuchMailbox();
  const uid = place.uidnext - 1;
  db.run(
    `INSERT INTO messages (mailbox_id, uid, modseq, flags, keywords, internal_date, size, body_id, saved_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    mailboxId,
    uid,
    place.modseq,
    bits,
    keywords === "" ? null : keywords,
    internalDate,
    body.size,
    body.id,
    context.now,
  );
  effects.mailboxChanged(mailboxId, place.modseq);
  return { uid, uidValidity: place.uidvalidity, owner: place.account_id };
}
