import { isShared } from "../../annotations.ts";
import { refuseTooManyEntries } from "../../errors.ts";
import { accountId } from "./accounts.ts";
import type { Command } from "./context.ts";
import { requireMailbox } from "./counts.ts";

/** Mailbox 0 is the server, account 0 everybody. */
export const setAnnotations: Command<"setAnnotations"> = (
  context,
  { account, mailboxId, changes, count },
) => {
  const { db } = context;
  if (mailboxId !== null) requireMailbox(context, mailboxId);
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
    if (held > count) refuseTooManyEntries();
  }
};
