import { isShared } from "../../annotations.ts";
import { overQuota, refuseTooManyEntries } from "../../errors.ts";
import { accountId } from "./accounts.ts";
import type { Command, WriteContext } from "./context.ts";
import { requireMailbox } from "./counts.ts";

/** Mailbox 0 is the server, account 0 everybody. */
export const setAnnotations: Command<"setAnnotations"> = (
  context,
  { account, mailboxId, changes, limits },
) => {
  const { db } = context;
  const target = mailboxId === null ? null : requireMailbox(context, mailboxId);
  const mailbox = mailboxId ?? 0;
  const owner = accountId(context, account);
  const grown = new Set<number>();
  for (const { entry, value } of changes) {
    const holder = mailboxId !== null && isShared(entry) ? 0 : owner;
    if (value === null) {
      db.run(
        "DELETE FROM annotations WHERE mailbox_id = ? AND account_id = ? AND entry = ?",
        mailbox,
        holder,
        entry,
      );
      continue;
    }
    db.run(
      `INSERT INTO annotations (mailbox_id, account_id, entry, value) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET value = excluded.value`,
      mailbox,
      holder,
      entry,
      value,
    );
    grown.add(holder);
  }
  for (const holder of grown) {
    const held = db.get<{ n: number }>(
      "SELECT count(*) AS n FROM annotations WHERE mailbox_id = ? AND account_id = ?",
      mailbox,
      holder,
    )!.n;
    if (held > limits.count) refuseTooManyEntries();
    if (bytesOf(context, holder === 0 ? target!.account_id : holder) > limits.bytes) throw overQuota();
  }
  if (mailboxId !== null && changes.length > 0) countChange(context, mailboxId);
};

/** A mailbox's annotations have part in its mod-sequence (RFC 7162 section 3.2). */
function countChange({ db, effects }: WriteContext, mailboxId: number): void {
  const counted = db.get<{ modseq: number }>(
    "UPDATE mailboxes SET modseq = modseq + 1 WHERE id = ? RETURNING modseq",
    mailboxId,
  )!;
  effects.mailboxChanged(mailboxId, counted.modseq);
}

/** What an account has of its own, and what is shared in its mailboxes. The length of a value costs no reading of it. */
function bytesOf({ db }: WriteContext, accountId: number): number {
  return db.get<{ n: number }>(
    `SELECT coalesce(sum(octet_length(entry) + length(value)), 0) AS n FROM (
       SELECT entry, value FROM annotations WHERE account_id = ?1 AND account_id <> 0
       UNION ALL
       SELECT a.entry, a.value FROM mailboxes m JOIN annotations a ON a.mailbox_id = m.id AND a.account_id = 0
       WHERE m.account_id = ?1)`,
    accountId,
  )!.n;
}
