import { type MailboxRecord, SELECT_MAILBOX, toMailbox } from "../records.ts";
import type { Query } from "./query.ts";

export const listAcl: Query<"listAcl"> = (db, { mailboxId }) =>
  db.all<{ identifier: string; rights: string }>(
    `SELECT identifier, rights FROM acl WHERE mailbox_id = ?
     AND EXISTS (SELECT 1 FROM mailboxes m WHERE m.id = acl.mailbox_id AND m.removed = 0) ORDER BY identifier`,
    mailboxId,
  ).map(({ identifier, rights }) => ({ identifier, rights }));

/** One row for each entry, the mailboxes in the order of their ids. */
export const sharedWith: Query<"sharedWith"> = (db, { account, identifiers }) =>
  db.all<MailboxRecord & { identifier: string; rights: string }>(
    `SELECT e.identifier, e.rights, mailbox.* FROM acl e JOIN (${SELECT_MAILBOX}) mailbox ON mailbox.id = e.mailbox_id
     WHERE e.identifier IN (SELECT value FROM json_each(?)) AND mailbox.account <> ? ORDER BY mailbox.id, e.identifier`,
    JSON.stringify(identifiers),
    account,
  ).map((record) => ({
    mailbox: toMailbox(record),
    entry: { identifier: record.identifier, rights: record.rights },
  }));
