import type { AccountRow } from "../../mod.ts";
import type { Database } from "../database.ts";
import type { PackedView } from "../protocol.ts";
import { mailboxById, type MailboxRecord, SELECT_MAILBOX, toMailbox } from "../records.ts";
import { uniteKeywords } from "../../flags.ts";
import type { Query } from "./query.ts";

export const listAccounts: Query<"listAccounts"> = (db) =>
  db.all<{ name: string; has: number; messages: number; bytes: number; created_at: number }>(
    `SELECT a.name, a.credential IS NOT NULL AS has, a.created_at, coalesce(sum(m.messages), 0) AS messages,
     coalesce(sum(m.bytes), 0) AS bytes FROM accounts a
     LEFT JOIN mailboxes m ON m.account_id = a.id AND m.removed = 0 WHERE a.name IS NOT NULL GROUP BY a.id`,
  ).map((row): AccountRow => ({
    account: row.name,
    hasCredential: row.has === 1,
    messages: row.messages,
    bytes: row.bytes,
    createdAt: row.created_at,
  }));

export const credential: Query<"credential"> = (db, { account }) =>
  db.get<{ credential: string | null }>("SELECT credential FROM accounts WHERE name = ?", account)
    ?.credential ??
    null;

export const usage: Query<"usage"> = (db, { account }) =>
  db.get<{ bytes: number; messages: number }>(
    `SELECT coalesce(sum(m.bytes), 0) AS bytes, coalesce(sum(m.messages), 0) AS messages
     FROM mailboxes m JOIN accounts a ON a.id = m.account_id WHERE m.removed = 0 AND a.name = ?`,
    account,
  )!;

export const listMailboxes: Query<"listMailboxes"> = (db, { account }) =>
  db.all<MailboxRecord>(`${SELECT_MAILBOX} AND a.name = ?`, account).map(toMailbox);

export const mailboxByName: Query<"mailboxByName"> = (db, { account, name }) => {
  const record = db.get<MailboxRecord>(`${SELECT_MAILBOX} AND a.name = ? AND m.name = ?`, account, name);
  return record === undefined ? null : toMailbox(record);
};

export const mailboxByNumber: Query<"mailboxById"> = (db, { mailboxId }) => {
  const record = mailboxById(db, mailboxId);
  return record === null ? null : toMailbox(record);
};

export const subscriptions: Query<"subscriptions"> = (db, { account }) =>
  db.all<{ name: string }>(
    "SELECT s.name FROM subscriptions s JOIN accounts a ON a.id = s.account_id WHERE a.name = ?",
    account,
  ).map((row) => row.name);

/** One snapshot: the counts and the UIDs agree. */
export const view: Query<"view"> = (db, { mailboxId }) => db.snapshot(() => readView(db, mailboxId));

function readView(db: Database, mailboxId: number): PackedView | null {
  const record = mailboxById(db, mailboxId);
  if (record === null) return null;
  // A JSON text that SQLite builds is read faster than 100,000 rows.
  const { uids } = db.get<{ uids: string }>(
    "SELECT json_group_array(uid ORDER BY uid) AS uids FROM messages WHERE mailbox_id = ?",
    mailboxId,
  )!;
  const firstUnseen = record.unseen === 0 ? undefined : db.get<{ uid: number }>(
    "SELECT uid FROM messages WHERE mailbox_id = ? AND flags & 1 = 0 ORDER BY uid LIMIT 1",
    mailboxId,
  );
  const keywords = db.all<{ keywords: string }>(
    "SELECT DISTINCT keywords FROM messages WHERE mailbox_id = ? AND keywords IS NOT NULL",
    mailboxId,
  );
  return {
    mailbox: toMailbox(record),
    uids: Uint32Array.from(JSON.parse(uids) as number[]),
    firstUnseenUid: firstUnseen?.uid ?? null,
    keywords: uniteKeywords(keywords.map((row) => row.keywords)),
  };
}
