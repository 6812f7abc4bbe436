import type { Query } from "./query.ts";

/** Mailbox 0 is the server, account 0 everybody. */
export const listAnnotations: Query<"listAnnotations"> = (db, { account, mailboxId }) =>
  db.all<{ entry: string; value: Uint8Array<ArrayBuffer> }>(
    `SELECT entry, value FROM annotations n WHERE n.mailbox_id = ?1
     AND n.account_id IN (0, (SELECT id FROM accounts WHERE name = ?2))
     AND (?1 = 0 OR EXISTS (SELECT 1 FROM mailboxes m WHERE m.id = ?1 AND m.removed = 0)) ORDER BY entry`,
    mailboxId ?? 0,
    account,
  ).map(({ entry, value }) => ({ entry, value }));
