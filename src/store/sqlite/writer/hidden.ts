/** Bringing back what was expunged, a slice for each write. */
import { DELETED } from "../../flags.ts";
import { RECOVERED } from "../../hidden.ts";
import { mailboxById } from "../records.ts";
import type { RowArray } from "../rows.ts";
import { knownAccountId } from "./accounts.ts";
import type { Command, WriteContext } from "./context.ts";
import { countMessages } from "./counts.ts";
import { ensureMailbox, mailboxIdByName } from "./mailbox_rows.ts";

const SLICE = 500;

interface HiddenRow {
  readonly id: number;
  readonly mailbox_name: string;
  readonly flags: number;
  readonly keywords: string | null;
  readonly internal_date: number;
  readonly size: number;
  readonly body_id: number;
}

/** One slice. The reference to the body goes from the hidden row to the message. */
export const restoreHidden: Command<"restoreHidden"> = (context, { account, since, mailbox, after }) => {
  const { db } = context;
  const rows = db.all<HiddenRow>(
    `SELECT id, mailbox_name, flags, keywords, internal_date, size, body_id FROM hidden
     WHERE account_id = ?1 AND id > ?2 AND expunged_at >= ?3 AND (?4 IS NULL OR mailbox_name = ?4)
     ORDER BY id LIMIT ${SLICE}`,
    knownAccountId(context, account),
    after,
    since,
    mailbox,
  );
  if (rows.length === 0) return { next: null, restored: [] };
  const byName = Map.groupBy(rows, (row) => row.mailbox_name);
  const restored = [...byName].map(([name, group]) => bringBack(context, { account, name, rows: group }));
  db.run(
    "DELETE FROM hidden WHERE id IN (SELECT value FROM json_each(?))",
    JSON.stringify(rows.map(({ id }) => id)),
  );
  return { next: rows.length < SLICE ? null : rows.at(-1)!.id, restored };
};

function bringBack(
  context: WriteContext,
  { account, name, rows }: {
    readonly account: string;
    readonly name: string;
    readonly rows: readonly HiddenRow[];
  },
) {
  const { db, effects, now } = context;
  const owner = knownAccountId(context, account)!;
  const id = mailboxIdByName(context, owner, name) ?? renamed(context, owner, name) ??
    recovered(context, owner);
  const mailbox = mailboxById(db, id)!;
  const messages = rows.map((row, place): RowArray => [
    mailbox.uidnext + place,
    0,
    row.flags & ~DELETED,
    row.internal_date,
    row.size,
    row.body_id,
    row.keywords,
    now,
  ]);
  const modseq = countMessages(context, mailbox.id, { rows: messages, sign: 1 });
  for (const [uid, , bits, internalDate, size, bodyId, keywords, savedAt] of messages) {
    db.run(
      `INSERT INTO messages (mailbox_id, uid, modseq, flags, internal_date, size, body_id, keywords, saved_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      mailbox.id,
      uid,
      modseq,
      bits,
      internalDate,
      size,
      bodyId,
      keywords,
      savedAt,
    );
  }
  effects.mailboxChanged(mailbox.id, modseq);
  return {
    mailbox: mailbox.name,
    messages: rows.length,
    bytes: rows.reduce((sum, { size }) => sum + size, 0),
  };
}

/** The mailbox that had this name once, by the UIDVALIDITY that it kept: no two mailboxes have the same. */
function renamed({ db }: WriteContext, owner: number, name: string): number | null {
  const row = db.get<{ id: number }>(
    `SELECT m.id FROM retired_names r JOIN mailboxes m ON m.account_id = r.account_id AND m.uidvalidity = r.uidvalidity
     WHERE r.account_id = ? AND r.name = ? AND m.removed = 0`,
    owner,
    name,
  );
  return row?.id ?? null;
}

/** The mailbox for what has no other; subscribed, so that it is seen. */
function recovered(context: WriteContext, owner: number): number {
  context.db.run(
    "INSERT OR IGNORE INTO subscriptions (account_id, name) VALUES (?, ?)",
    owner,
    RECOVERED,
  );
  return ensureMailbox(context, owner, RECOVERED);
}
