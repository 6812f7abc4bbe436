import { addressKey } from "../../../core/address.ts";
import type { NewQueueEntry, RecipientUpdate } from "../../mod.ts";
import { messageWishes, recipientDsn } from "../../wishes.ts";
import { filterCondition } from "../records.ts";
import { releaseBody, type StoredBodyRef } from "./bodies.ts";
import type { Command, WriteContext } from "./context.ts";

interface QueueEntry {
  readonly id: string;
  readonly body: StoredBodyRef;
  readonly queuedAt: number;
  readonly entry: NewQueueEntry;
}

export function enqueue(context: WriteContext, { id, body, queuedAt, entry }: QueueEntry): void {
  const { db, effects } = context;
  const { sender, recipients, smtputf8, eightBit, skip, dueAt, held } = entry;
  const wishes = messageWishes(entry.wishes);
  db.run(
    `INSERT INTO spool_messages (id, body_id, size, skip, sender_local, sender_domain, sender_key, smtputf8,
     eight_bit, queued_at, wishes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    body.id,
    body.size,
    skip,
    sender?.local ?? null,
    sender?.domain ?? null,
    sender === null ? "" : addressKey(sender),
    smtputf8 ? 1 : 0,
    eightBit ? 1 : 0,
    queuedAt,
    wishes === null ? null : JSON.stringify(wishes),
  );
  recipients.forEach((address, place) => {
    const dsn = recipientDsn(entry.wishes, place);
    db.run(
      "INSERT INTO spool_recipients (message_id, place, local, domain, next_at, held, dsn) VALUES (?, ?, ?, ?, ?, ?, ?)",
      id,
      place,
      address.local,
      address.domain,
      dueAt,
      held?.[place] ? 1 : 0,
      dsn === null ? null : JSON.stringify(dsn),
    );
  });
  effects.queuedMessages += 1;
  effects.queuedRecipients += recipients.length;
}

export const settle: Command<"settle"> = (context, { id, updates }) => {
  for (const update of updates) settleRecipient(context, id, update);
  dropIfFinished(context, id);
};

function settleRecipient({ db, effects }: WriteContext, id: string, { index, state }: RecipientUpdate): void {
  if (state.kind === "done") {
    effects.queuedRecipients -= db.run(
      "DELETE FROM spool_recipients WHERE message_id = ? AND place = ?",
      id,
      index,
    );
    return;
  }
  db.run(
    `UPDATE spool_recipients SET attempts = ?, next_at = ?, last_reply = ?, last_host = ?, delay_notified = ?
     WHERE message_id = ? AND place = ?`,
    state.attempts,
    state.nextAttemptAt,
    state.lastReply,
    state.lastHost,
    state.delayNotified ? 1 : 0,
    id,
    index,
  );
}

/** Recipients of a domain that one slice looks at: some milliseconds. */
const POSTPONE_SLICE = 500;

export const postponeSpool: Command<"postponeSpool"> = ({ db }, { what, after }) => {
  const { recipientDomain, dueBy, queuedAfter, unnoticedAfter, until, spreadMs, answer } = what;
  const [afterId, afterPlace] = after ?? ["", -1];
  const last = db.get<{ message_id: string; place: number }>(
    `SELECT message_id, place FROM spool_recipients INDEXED BY spool_recipients_by_domain
     WHERE domain = ? AND (message_id, place) > (?, ?) ORDER BY message_id, place LIMIT 1 OFFSET ${
      POSTPONE_SLICE - 1
    }`,
    recipientDomain,
    afterId,
    afterPlace,
  );
  const count = db.run(
    `UPDATE spool_recipients AS r INDEXED BY spool_recipients_by_domain
     SET next_at = ? + abs(random() % ?) ${answer === null ? "" : ", last_reply = ?, last_host = ?"}
     WHERE domain = ? AND (message_id, place) > (?, ?) ${
      last === undefined ? "" : "AND (message_id, place) <= (?, ?)"
    } AND held = 0 AND next_at <= ?
     AND (SELECT queued_at FROM spool_messages WHERE id = r.message_id) > iif(delay_notified = 1, ?, ?)`,
    until,
    Math.max(1, spreadMs),
    ...(answer === null ? [] : [answer.lastReply, answer.lastHost]),
    recipientDomain,
    afterId,
    afterPlace,
    ...(last === undefined ? [] : [last.message_id, last.place]),
    dueBy,
    queuedAfter,
    Math.max(queuedAfter, unnoticedAfter),
  );
  return { count, next: last === undefined ? null : [last.message_id, last.place] };
};

function dropIfFinished(context: WriteContext, id: string): void {
  const { db, effects } = context;
  if (db.get("SELECT 1 FROM spool_recipients WHERE message_id = ? LIMIT 1", id) !== undefined) return;
  const message = db.get<{ body_id: number }>(
    "DELETE FROM spool_messages WHERE id = ? RETURNING body_id",
    id,
  );
  if (message === undefined) return;
  effects.queuedMessages -= 1;
  releaseBody(context, message.body_id);
}

/** The recipients that a filter names. */
function matching({ db }: WriteContext, filter: Parameters<typeof filterCondition>[0]) {
  const { sql, values } = filterCondition(filter);
  return db.all<{ message_id: string; place: number }>(
    `SELECT r.message_id, r.place FROM spool_recipients r JOIN spool_messages s ON s.id = r.message_id WHERE ${sql}`,
    ...values,
  );
}

export const flushSpool: Command<"flushSpool"> = (context, { filter, now }) => {
  const found = matching(context, filter);
  for (const { message_id, place } of found) {
    context.db.run(
      "UPDATE spool_recipients SET next_at = ? WHERE message_id = ? AND place = ?",
      now,
      message_id,
      place,
    );
  }
  if (found.length > 0) context.effects.spoolTouched = true;
  return found.length;
};

export const holdSpool: Command<"holdSpool"> = (context, { filter, held }) => {
  const found = matching(context, filter);
  for (const { message_id, place } of found) {
    context.db.run(
      "UPDATE spool_recipients SET held = ? WHERE message_id = ? AND place = ?",
      held ? 1 : 0,
      message_id,
      place,
    );
  }
  if (found.length > 0 && !held) context.effects.spoolTouched = true;
  return found.length;
};

export const dropSpool: Command<"dropSpool"> = (context, { filter }) => {
  const found = matching(context, filter);
  for (const { message_id, place } of found) {
    settleRecipient(context, message_id, { index: place, state: { kind: "done" } });
  }
  const messages = new Set(found.map((recipient) => recipient.message_id));
  for (const id of messages) dropIfFinished(context, id);
  return messages.size;
};
