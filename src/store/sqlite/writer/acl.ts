import { refuseTooManyEntries } from "../../errors.ts";
import { MOST_ACL_ENTRIES } from "../../acl.ts";
import type { Command, WriteContext } from "./context.ts";
import { requireMailbox } from "./counts.ts";

export const setAcl: Command<"setAcl"> = (context, { mailboxId, identifier, rights }) => {
  const { db } = context;
  requireMailbox(context, mailboxId);
  if (rights === "") {
    db.run("DELETE FROM acl WHERE mailbox_id = ? AND identifier = ?", mailboxId, identifier);
    return;
  }
  db.run(
    `INSERT INTO acl (mailbox_id, identifier, rights) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET rights = excluded.rights`,
    mailboxId,
    identifier,
    rights,
  );
  const { count } = db.get<{ count: number }>(
    "SELECT count(*) AS count FROM acl WHERE mailbox_id = ?",
    mailboxId,
  )!;
  if (count > MOST_ACL_ENTRIES) refuseTooManyEntries();
};

/** What others granted to an account that goes must not be there for the next one of that name. */
export function forgetIdentifier({ db }: WriteContext, account: string): void {
  db.run("DELETE FROM acl WHERE identifier IN (?, ?)", account, `-${account}`);
}
