/**
 * The tables, as numbered migrations: number N brings a database of version N - 1 to version N. A migration that was
 * released is never changed; a new one is put after it.
 *
 * Places worth knowing:
 * - `bodies` is narrow on purpose: a copy of 10,000 messages changes 10,000 reference counts, which must not rewrite
 *   the digests beside them. `refs` is -1 while a body is being staged and 0 when it waits to be swept away.
 * - A chunk's id is `body id * 65536 + place`, so that a body's chunks lie side by side and one is found by arithmetic.
 * - `hidden` keeps expunged messages with their bodies until they are purged; `expunged` is QRESYNC's log of UIDs.
 * - `sort_keys` lies beside the digests so that SORT and THREAD read some 100 bytes of a message: see `sort_rows.ts`.
 * - `shown` lies there for the same reason: of a FETCH of what lists show it is all that is read. See `shown_rows.ts`.
 * - A removed mailbox or account leaves its row (`removed = 1`, or no name) for the sweeper, which takes the rest apart.
 */
import type { MessageDigest } from "../../wire/mime/digest.ts";
import { sortKeysOf } from "../sort_keys.ts";
import type { Database } from "./database.ts";
import { insertShown } from "./shown_rows.ts";
import { insertSortKeys } from "./sort_rows.ts";

const VERSION_1 = `
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('uidvalidity', 0);

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  credential TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_removed ON accounts (id) WHERE name IS NULL;

CREATE TABLE mailboxes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  role TEXT,
  uidvalidity INTEGER NOT NULL,
  uidnext INTEGER NOT NULL DEFAULT 1,
  modseq INTEGER NOT NULL DEFAULT 1,
  messages INTEGER NOT NULL DEFAULT 0,
  unseen INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  recent_from INTEGER NOT NULL DEFAULT 1,
  removed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX mailboxes_by_name ON mailboxes (account_id, name) WHERE removed = 0;
CREATE INDEX mailboxes_by_account ON mailboxes (account_id);
CREATE INDEX mailboxes_removed ON mailboxes (id) WHERE removed = 1;

CREATE TABLE retired_names (
  account_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
  account_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  mailbox_id INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  keywords TEXT,
  internal_date INTEGER NOT NULL,
  size INTEGER NOT NULL,
  body_id INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_by_modseq ON messages (mailbox_id, modseq);
CREATE INDEX messages_by_keywords ON messages (mailbox_id, keywords) WHERE keywords IS NOT NULL;

CREATE TABLE expunged (
  mailbox_id INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, modseq, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE hidden (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL,
  mailbox_name TEXT NOT NULL,
  expunged_at INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  keywords TEXT,
  internal_date INTEGER NOT NULL,
  size INTEGER NOT NULL,
  body_id INTEGER NOT NULL
) STRICT;
CREATE INDEX hidden_by_time ON hidden (expunged_at);
CREATE INDEX hidden_by_account ON hidden (account_id);

CREATE TABLE bodies (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  refs INTEGER NOT NULL,
  size INTEGER NOT NULL,
  prefix_size INTEGER NOT NULL
) STRICT;
CREATE INDEX bodies_loose ON bodies (refs) WHERE refs <= 0;

CREATE TABLE heads (
  body_id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  prefix BLOB
) STRICT;

CREATE TABLE chunks (
  id INTEGER PRIMARY KEY,
  packed INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE spool_messages (
  id TEXT PRIMARY KEY,
  body_id INTEGER NOT NULL,
  size INTEGER NOT NULL,
  skip INTEGER NOT NULL,
  sender_local TEXT,
  sender_domain TEXT,
  sender_key TEXT NOT NULL,
  smtputf8 INTEGER NOT NULL,
  eight_bit INTEGER NOT NULL,
  queued_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE spool_recipients (
  message_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  local TEXT NOT NULL,
  domain TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  held INTEGER NOT NULL DEFAULT 0,
  delay_notified INTEGER NOT NULL DEFAULT 0,
  last_reply TEXT,
  last_host TEXT,
  PRIMARY KEY (message_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX spool_recipients_due ON spool_recipients (next_at, message_id) WHERE held = 0;
CREATE INDEX spool_recipients_by_domain ON spool_recipients (domain, message_id);
`;

/**
 * What a sender asked for (JSON, null when nothing), the trace and the facts. The keys of the trace lie in slots of some
 * minutes: Message-IDs are random, and in one large tree each would cost a page of its own in every commit.
 */
const VERSION_2 = `
ALTER TABLE spool_messages ADD COLUMN wishes TEXT;
ALTER TABLE spool_recipients ADD COLUMN dsn TEXT;

CREATE TABLE trace_events (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  message TEXT,
  session TEXT,
  fields TEXT NOT NULL,
  keys TEXT
) STRICT;
CREATE INDEX trace_events_by_message ON trace_events (message, at) WHERE message IS NOT NULL;
CREATE INDEX trace_events_by_session ON trace_events (session, at) WHERE session IS NOT NULL AND message IS NULL;

CREATE TABLE trace_keys (
  slot INTEGER NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  PRIMARY KEY (slot, key, at, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE facts (
  space TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX facts_by_expiry ON facts (expires_at);
`;

/**
 * What IMAP's extensions ask for. `deleted` and `deleted_bytes` count messages with \\Deleted (STATUS, RFC 9051, RFC 9208);
 * `logged` counts the rows of `expunged`, which was purged up to the modseq `log_from`; `saved_at` is null for what came before
 * (RFC 8514). A script's id is its version, new whenever it is put; the one without
 * a name is the away note. Of annotations (RFC 5464) mailbox 0 is the server, account 0 is everybody. A copy that is being made in slices
 * has a row for each in `copies_underway`, so that one that was broken off is taken back.
 */
const VERSION_3_TABLES = `
ALTER TABLE mailboxes ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN deleted_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN logged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN log_from INTEGER NOT NULL DEFAULT 0;
CREATE INDEX mailboxes_logged ON mailboxes (logged);

ALTER TABLE messages ADD COLUMN saved_at INTEGER;
CREATE INDEX messages_deleted ON messages (mailbox_id, uid) WHERE flags & 8 <> 0;

CREATE TABLE sort_keys (
  body_id INTEGER PRIMARY KEY,
  sent_at INTEGER,
  subject TEXT NOT NULL,
  is_reply INTEGER NOT NULL,
  from_local TEXT NOT NULL,
  to_local TEXT NOT NULL,
  cc_local TEXT NOT NULL,
  display_from TEXT NOT NULL,
  display_to TEXT NOT NULL,
  thread INTEGER NOT NULL,
  links BLOB NOT NULL
) STRICT;

CREATE TABLE shown (
  body_id INTEGER PRIMARY KEY,
  header_size INTEGER NOT NULL,
  envelope_size INTEGER NOT NULL,
  depends_on_utf8 INTEGER NOT NULL,
  texts BLOB NOT NULL
) STRICT;

CREATE TABLE acl (
  mailbox_id INTEGER NOT NULL,
  identifier TEXT NOT NULL,
  rights TEXT NOT NULL,
  PRIMARY KEY (mailbox_id, identifier)
) STRICT, WITHOUT ROWID;
CREATE INDEX acl_by_identifier ON acl (identifier);

CREATE TABLE annotations (
  mailbox_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  entry TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (mailbox_id, account_id, entry)
) STRICT;
CREATE INDEX annotations_by_account ON annotations (account_id) WHERE account_id <> 0;

CREATE TABLE scripts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  active INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX scripts_by_name ON scripts (account_id, name);

CREATE TABLE copies_underway (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  copy INTEGER NOT NULL,
  mailbox_id INTEGER NOT NULL,
  first_uid INTEGER NOT NULL,
  last_uid INTEGER NOT NULL
) STRICT;
CREATE INDEX copies_underway_by_copy ON copies_underway (copy);
`;

const VERSION_3_COUNTS = `
UPDATE mailboxes SET deleted = d.n, deleted_bytes = d.bytes
  FROM (SELECT mailbox_id, count(*) AS n, sum(size) AS bytes FROM messages WHERE flags & 8 <> 0 GROUP BY mailbox_id) d
  WHERE id = d.mailbox_id;
UPDATE mailboxes SET logged = e.n
  FROM (SELECT mailbox_id, count(*) AS n FROM expunged GROUP BY mailbox_id) e WHERE id = e.mailbox_id;
`;

function version3(db: Database): void {
  db.exec(VERSION_3_TABLES);
  db.exec(VERSION_3_COUNTS);
  fillFromDigests(db);
}

/** Digests are large: few are held at a time. */
const FILL_ROWS = 100;

function fillFromDigests(db: Database): void {
  for (let last = 0;;) {
    const heads = db.arrays<[bodyId: number, digest: string]>(
      `SELECT body_id, digest FROM heads WHERE body_id > ? ORDER BY body_id LIMIT ${FILL_ROWS}`,
      last,
    );
    for (const [bodyId, digest] of heads) {
      const parsed: MessageDigest = JSON.parse(digest);
      insertSortKeys(db, bodyId, sortKeysOf(parsed, bodyId));
      insertShown(db, bodyId, parsed);
      last = bodyId;
    }
    if (heads.length < FILL_ROWS) return;
  }
}

/** A step that SQL alone cannot do is a function. */
export type Migration = string | ((db: Database) => void);

export const MIGRATIONS: readonly Migration[] = [VERSION_1, VERSION_2, version3];

/** Marks the file as ours: "Mdn1". */
export const APPLICATION_ID = 0x4d646e31;

/** Brings the database to the newest version; each step is one transaction, so a crash leaves a whole version. */
export function migrate(db: Database, migrations: readonly Migration[] = MIGRATIONS): void {
  for (let version = schemaVersion(db); version < migrations.length; version++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      const step = migrations[version]!;
      if (typeof step === "string") db.exec(step);
      else step(db);
      db.exec(`PRAGMA user_version = ${version + 1}; PRAGMA application_id = ${APPLICATION_ID}`);
      db.exec("COMMIT");
    } catch (error) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}

export function schemaVersion(db: Database): number {
  return Number(db.get("PRAGMA user_version")?.["user_version"] ?? 0);
}
