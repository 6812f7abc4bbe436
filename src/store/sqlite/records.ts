/** Rows of the tables as the port's values; writer and readers share them. */
import type { Mailbox, MailboxRole, QueuedMessage, QueuedRecipient, QueueFilter } from "../mod.ts";
import type { Database, Value } from "./database.ts";

export interface MailboxRecord {
  readonly id: number;
  readonly account_id: number;
  readonly account: string;
  readonly name: string;
  readonly role: MailboxRole | null;
  readonly uidvalidity: number;
  readonly uidnext: number;
  readonly modseq: number;
  readonly messages: number;
  readonly unseen: number;
  readonly bytes: number;
  readonly recent_from: number;
  readonly deleted: number;
  readonly deleted_bytes: number;
  /** What was expunged up to this modseq is not in the log any more. */
  readonly log_from: number;
}

/** Live mailboxes; callers put their conditions behind it. */
export const SELECT_MAILBOX = `SELECT m.id, m.account_id, a.name AS account, m.name, m.role, m.uidvalidity,
  m.uidnext, m.modseq, m.messages, m.unseen, m.bytes, m.recent_from, m.deleted, m.deleted_bytes, m.log_from
  FROM mailboxes m JOIN accounts a ON a.id = m.account_id WHERE m.removed = 0`;

export function mailboxById(db: Database, id: number): MailboxRecord | null {
  return db.get<MailboxRecord>(`${SELECT_MAILBOX} AND m.id = ?`, id) ?? null;
}

export function toMailbox(record: MailboxRecord): Mailbox {
  return {
    id: record.id,
    account: record.account,
    name: record.name,
    role: record.role,
    uidValidity: record.uidvalidity,
    uidNext: record.uidnext,
    highestModseq: record.modseq,
    messages: record.messages,
    unseen: record.unseen,
    recentFrom: record.recent_from,
    bytes: record.bytes,
    deleted: record.deleted,
    deletedBytes: record.deleted_bytes,
  };
}

interface SpoolMessageRecord {
  readonly id: string;
  readonly body_id: number;
  readonly size: number;
  readonly skip: number;
  readonly sender_local: string | null;
  readonly sender_domain: string | null;
  readonly smtputf8: number;
  readonly eight_bit: number;
  readonly queued_at: number;
  readonly wishes: string | null;
}

interface SpoolRecipientRecord {
  readonly place: number;
  readonly local: string;
  readonly domain: string;
  readonly attempts: number;
  readonly next_at: number;
  readonly held: number;
  readonly delay_notified: number;
  readonly last_reply: string | null;
  readonly last_host: string | null;
  readonly dsn: string | null;
}

/** A message of the spool with its unfinished recipients. */
export function spoolMessage(db: Database, id: string): QueuedMessage | null {
  const record = db.get<SpoolMessageRecord>("SELECT * FROM spool_messages WHERE id = ?", id);
  if (record === undefined) return null;
  const recipients = db.all<SpoolRecipientRecord>(
    "SELECT * FROM spool_recipients WHERE message_id = ? ORDER BY place",
    id,
  );
  return {
    id: record.id,
    bodyId: record.body_id,
    size: record.size,
    skip: record.skip,
    sender: record.sender_local === null || record.sender_domain === null
      ? null
      : { local: record.sender_local, domain: record.sender_domain },
    smtputf8: record.smtputf8 === 1,
    eightBit: record.eight_bit === 1,
    queuedAt: record.queued_at,
    ...(record.wishes === null ? {} : { wishes: JSON.parse(record.wishes) }),
    recipients: recipients.map(toRecipient),
  };
}

function toRecipient(record: SpoolRecipientRecord): QueuedRecipient {
  return {
    index: record.place,
    address: { local: record.local, domain: record.domain },
    attempts: record.attempts,
    nextAttemptAt: record.next_at,
    held: record.held === 1,
    delayNotified: record.delay_notified === 1,
    lastReply: record.last_reply,
    lastHost: record.last_host,
    ...(record.dsn === null ? {} : { dsn: JSON.parse(record.dsn) }),
  };
}

/** A queue filter as a condition on `spool_recipients r JOIN spool_messages s`. */
export function filterCondition(filter: QueueFilter): { readonly sql: string; readonly values: Value[] } {
  const parts = ["1"];
  const values: Value[] = [];
  if (filter.id !== undefined) {
    parts.push("r.message_id = ?");
    values.push(filter.id);
  }
  if (filter.recipientDomain !== undefined) {
    parts.push("r.domain = ?");
    values.push(filter.recipientDomain);
  }
  if (filter.held !== undefined) {
    parts.push("r.held = ?");
    values.push(filter.held ? 1 : 0);
  }
  if (filter.sender !== undefined) {
    parts.push("s.sender_key = ?");
    values.push(filter.sender.toLowerCase());
  }
  if (filter.recipient !== undefined) {
    // The domain first: it has an index.
    parts.push("r.domain = ? AND lower(r.local || '@' || r.domain) = ?");
    values.push(filter.recipient.slice(filter.recipient.lastIndexOf("@") + 1), filter.recipient);
  }
  if (filter.queuedBefore !== undefined) {
    parts.push("s.queued_at < ?");
    values.push(filter.queuedBefore);
  }
  return { sql: parts.join(" AND "), values };
}
