/** Mailboxes as rows: finding, making, and the counter behind UIDVALIDITY. */
import type { MailboxRole } from "../../mod.ts";
import { defaultRole, namesAbove, refuseTakenRole } from "../../names.ts";
import type { WriteContext } from "./context.ts";

export interface NewMailbox {
  readonly accountId: number;
  readonly name: string;
  readonly role: MailboxRole | null;
}

export function mailboxIdByName(context: WriteContext, owner: number, name: string): number | null {
  const found = context.db.get<{ id: number }>(
    "SELECT id FROM mailboxes WHERE account_id = ? AND name = ? AND removed = 0",
    owner,
    name,
  );
  return found?.id ?? null;
}

/** The id of the mailbox, which is made if it is missing. */
export function ensureMailbox(context: WriteContext, owner: number, name: string): number {
  return mailboxIdByName(context, owner, name) ??
    makeWithParents(context, { accountId: owner, name, role: freeRole(context, owner, name, undefined) });
}

export function insertMailbox(context: WriteContext, mailbox: NewMailbox): number {
  return context.db.get<{ id: number }>(
    "INSERT INTO mailboxes (account_id, name, role, uidvalidity) VALUES (?, ?, ?, ?) RETURNING id",
    mailbox.accountId,
    mailbox.name,
    mailbox.role,
    nextUidValidity(context),
  )!.id;
}

export function makeWithParents(context: WriteContext, mailbox: NewMailbox): number {
  for (const name of namesAbove(mailbox.name)) ensureMailbox(context, mailbox.accountId, name);
  return insertMailbox(context, mailbox);
}

/** The role that was asked for; without a word about it, the one that the name suggests, when it is free. */
export function freeRole(
  context: WriteContext,
  owner: number,
  name: string,
  asked: MailboxRole | null | undefined,
): MailboxRole | null {
  const role = asked === undefined ? defaultRole(name) : asked;
  if (role === null) return null;
  const taken = context.db.get(
    "SELECT 1 FROM mailboxes WHERE account_id = ? AND role = ? AND removed = 0",
    owner,
    role,
  );
  if (taken === undefined) return role;
  return asked === undefined ? null : refuseTakenRole();
}

/**
 * One counter for all, never behind the clock: it grows also when an account was removed and made anew, and
 * when the database is an older copy put back.
 */
export function nextUidValidity(context: WriteContext): number {
  return context.db.get<{ value: number }>(
    "UPDATE meta SET value = max(value + 1, ?) WHERE key = 'uidvalidity' RETURNING value",
    Math.floor(context.now / 1000),
  )!.value;
}
