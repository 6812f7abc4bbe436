/**
 * Recomputes what the store keeps count of, and finds what it has lost or forgotten: for any closed database (or a copy of
 * one whose program was killed), after whatever was done to it.
 */
import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";

const CHUNK = 65536;

/** Each finds the rows that must not be. */
const MUST_BE_EMPTY: Readonly<Record<string, string>> = {
  "a mailbox whose counts are not those of its messages": `
    SELECT m.id, m.name, m.messages, m.unseen, m.bytes, m.deleted, m.deleted_bytes, count(x.uid) AS real_messages,
           coalesce(sum(x.uid IS NOT NULL AND x.flags & 1 = 0), 0) AS real_unseen, coalesce(sum(x.size), 0) AS real_bytes,
           coalesce(sum(x.flags & 8 <> 0), 0) AS real_deleted,
           coalesce(sum(iif(x.flags & 8 <> 0, x.size, 0)), 0) AS real_deleted_bytes
    FROM mailboxes m LEFT JOIN messages x ON x.mailbox_id = m.id WHERE m.removed = 0 GROUP BY m.id
    HAVING m.messages <> real_messages OR m.unseen <> real_unseen OR m.bytes <> real_bytes
      OR m.deleted <> real_deleted OR m.deleted_bytes <> real_deleted_bytes`,
  "a mailbox whose log of the expunged is not as long as it says": `
    SELECT m.id, m.logged FROM mailboxes m WHERE m.removed = 0
    AND m.logged <> (SELECT count(*) FROM expunged e WHERE e.mailbox_id = m.id)`,
  "a message beyond its mailbox's UIDNEXT or HIGHESTMODSEQ": `
    SELECT m.id, m.uidnext, m.modseq, x.uid, x.modseq FROM messages x JOIN mailboxes m ON m.id = x.mailbox_id
    WHERE x.uid >= m.uidnext OR x.modseq > m.modseq`,
  "an expunged UID that is still there, or beyond UIDNEXT or HIGHESTMODSEQ": `
    SELECT e.* FROM expunged e JOIN mailboxes m ON m.id = e.mailbox_id WHERE e.uid >= m.uidnext OR e.modseq > m.modseq
    OR EXISTS (SELECT 1 FROM messages x WHERE x.mailbox_id = e.mailbox_id AND x.uid = e.uid)`,
  "a UID that was expunged twice": `
    SELECT mailbox_id, uid FROM expunged GROUP BY mailbox_id, uid HAVING count(*) > 1`,
  "a message without a mailbox": `
    SELECT * FROM messages WHERE mailbox_id NOT IN (SELECT id FROM mailboxes)`,
  "a body whose references are not those that there are": `
    SELECT b.id, b.refs, count(r.body_id) AS real FROM bodies b LEFT JOIN
      (SELECT body_id FROM messages UNION ALL SELECT body_id FROM hidden UNION ALL SELECT body_id FROM spool_messages) r
      ON r.body_id = b.id GROUP BY b.id HAVING max(b.refs, 0) <> real`,
  "a reference to a body that is not there, or of another size": `
    SELECT r.* FROM (SELECT body_id, size FROM messages UNION ALL SELECT body_id, size FROM hidden
      UNION ALL SELECT body_id, size FROM spool_messages) r LEFT JOIN bodies b ON b.id = r.body_id
    WHERE b.id IS NULL OR b.size <> r.size`,
  "a body in use without its head, or with too few or too many chunks": `
    SELECT b.id, b.size, b.prefix_size, h.body_id, length(h.prefix),
      (SELECT count(*) FROM chunks c WHERE c.id BETWEEN b.id * ${CHUNK} AND b.id * ${CHUNK} + ${
    CHUNK - 1
  }) AS chunks
    FROM bodies b LEFT JOIN heads h ON h.body_id = b.id WHERE b.refs > 0 AND (h.body_id IS NULL
      OR coalesce(length(h.prefix), 0) <> b.prefix_size OR chunks <> (b.size - b.prefix_size + ${
    CHUNK - 1
  }) / ${CHUNK})`,
  "a chunk or a head of no body": `
    SELECT id FROM chunks WHERE id / ${CHUNK} NOT IN (SELECT id FROM bodies)
    UNION ALL SELECT body_id FROM heads WHERE body_id NOT IN (SELECT id FROM bodies)`,
  "a head without sort keys, or sort keys of no head": `
    SELECT body_id FROM heads WHERE body_id NOT IN (SELECT body_id FROM sort_keys)
    UNION ALL SELECT body_id FROM sort_keys WHERE body_id NOT IN (SELECT body_id FROM heads)`,
  "a head without what is shown of it, or that without a head": `
    SELECT body_id FROM heads WHERE body_id NOT IN (SELECT body_id FROM shown)
    UNION ALL SELECT body_id FROM shown WHERE body_id NOT IN (SELECT body_id FROM heads)`,
  "an access rule or an annotation of no mailbox, or of no account": `
    SELECT mailbox_id FROM acl WHERE mailbox_id NOT IN (SELECT id FROM mailboxes)
    UNION ALL SELECT mailbox_id FROM annotations WHERE mailbox_id NOT IN (SELECT id FROM mailboxes UNION SELECT 0)
    OR account_id NOT IN (SELECT id FROM accounts UNION SELECT 0)`,
  "a copy that is still being made": `SELECT * FROM copies_underway`,
  "a queued message without recipients, or the other way round": `
    SELECT id FROM spool_messages WHERE id NOT IN (SELECT message_id FROM spool_recipients)
    UNION ALL SELECT message_id FROM spool_recipients WHERE message_id NOT IN (SELECT id FROM spool_messages)`,
  "a UIDVALIDITY that is not the counter's, or was given twice": `
    SELECT max(uidvalidity) AS v FROM (SELECT uidvalidity FROM mailboxes UNION SELECT uidvalidity FROM retired_names)
    HAVING v > (SELECT value FROM meta WHERE key = 'uidvalidity')
    UNION ALL SELECT uidvalidity FROM mailboxes WHERE removed = 0 GROUP BY uidvalidity HAVING count(*) > 1`,
};

export interface CheckOptions {
  /** Nothing was being written when the program ended: then no body may be left that nobody refers to. */
  readonly swept?: boolean;
}

/** Throws when the store's tables contradict each other. */
export function checkStore(db: DatabaseSync, options: CheckOptions = {}): void {
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  for (const [what, sql] of Object.entries(MUST_BE_EMPTY)) {
    assert.deepEqual(db.prepare(`${sql} LIMIT 5`).all(), [], `There is ${what}`);
  }
  if (options.swept !== true) return;
  assert.deepEqual(
    db.prepare("SELECT * FROM bodies WHERE refs <= 0 LIMIT 5").all(),
    [],
    "There is an unused body",
  );
}
