import { DEFAULT_MAILBOXES } from "../../names.ts";
import { forgetIdentifier } from "./acl.ts";
import type { Command, WriteContext } from "./context.ts";
import { insertMailbox } from "./mailbox_rows.ts";

export const ensureAccount: Command<"ensureAccount"> = (context, { account }) => {
  accountId(context, account);
};

export const setCredential: Command<"setCredential"> = (context, { account, hash }) => {
  context.db.run("UPDATE accounts SET credential = ? WHERE id = ?", hash, accountId(context, account));
};

/** Takes the account out of sight at once; the sweeper takes its mail apart in slices. */
export const removeAccount: Command<"removeAccount"> = (context, { account }) => {
  const { db, effects } = context;
  const found = db.get<{ id: number }>(
    "UPDATE accounts SET name = NULL, credential = NULL WHERE name = ? RETURNING id",
    account,
  );
  if (found === undefined) return false;
  const mailboxes = db.all<{ id: number; modseq: number }>(
    "UPDATE mailboxes SET removed = 1, modseq = modseq + 1 WHERE account_id = ? AND removed = 0 RETURNING id, modseq",
    found.id,
  );
  db.run("DELETE FROM annotations WHERE account_id = ?", found.id);
  db.run("DELETE FROM scripts WHERE account_id = ?", found.id);
  forgetIdentifier(context, account);
  for (const { id, modseq } of mailboxes) effects.mailboxChanged(id, modseq);
  effects.litter = true;
  return true;
};

export function knownAccountId({ db }: WriteContext, account: string): number | null {
  return db.get<{ id: number }>("SELECT id FROM accounts WHERE name = ?", account)?.id ?? null;
}

/** The account's id; an account that is not there yet is made, with its mailboxes. */
export function accountId(context: WriteContext, account: string): number {
  const { db } = context;
  const known = knownAccountId(context, account);
  if (known !== null) return known;
  const { id } = db.get<{ id: number }>(
    "INSERT INTO accounts (name, created_at) VALUES (?, ?) RETURNING id",
    account,
    context.now,
  )!;
  for (const [name, role] of DEFAULT_MAILBOXES) {
    insertMailbox(context, { accountId: id, name, role });
    db.run("INSERT INTO subscriptions (account_id, name) VALUES (?, ?)", id, name);
  }
  return id;
}
