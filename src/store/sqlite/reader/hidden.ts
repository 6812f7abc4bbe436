import type { MessageDigest } from "../../../wire/mime/digest.ts";
import { senderText } from "../../hidden.ts";
import type { Query } from "./query.ts";

interface Row {
  readonly id: number;
  readonly mailbox_name: string;
  readonly expunged_at: number;
  readonly internal_date: number;
  readonly size: number;
  readonly digest: string;
}

export const listHidden: Query<"listHidden"> = (db, { account, since, mailbox, after, limit }) =>
  db.all<Row>(
    `SELECT h.id, h.mailbox_name, h.expunged_at, h.internal_date, h.size, d.digest
     FROM hidden h JOIN heads d ON d.body_id = h.body_id
     WHERE h.account_id = (SELECT id FROM accounts WHERE name = ?1) AND h.id > ?2 AND h.expunged_at >= ?3
     AND (?4 IS NULL OR h.mailbox_name = ?4) ORDER BY h.id LIMIT ?5`,
    account,
    after,
    since,
    mailbox,
    limit,
  ).map((row) => {
    const { envelope } = JSON.parse(row.digest) as MessageDigest;
    return {
      id: row.id,
      mailbox: row.mailbox_name,
      expungedAt: row.expunged_at,
      internalDate: row.internal_date,
      size: row.size,
      subject: envelope.subject,
      from: senderText(envelope.from),
    };
  });
