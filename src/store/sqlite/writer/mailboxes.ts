import { MailboxExists, NoSuchMailbox } from "../../errors.ts";
import {
  checkedName,
  INBOX,
  isAtOrBelow,
  namesAbove,
  normalizeName,
  planRename,
  refuseInboxRemoval,
  type RenamePlan,
} from "../../names.ts";
import { mailboxById, toMailbox } from "../records.ts";
import { accountId, knownAccountId } from "./accounts.ts";
import type { Command, WriteContext } from "./context.ts";
import {
  ensureMailbox,
  freeRole,
  mailboxIdByName,
  makeWithParents,
  nextUidValidity,
} from "./mailbox_rows.ts";

export const createMailbox: Command<"createMailbox"> = (context, { account, name, role }) => {
  const { db } = context;
  const owner = accountId(context, account);
  const checked = checkedName(name);
  if (mailboxIdByName(context, owner, checked) !== null) throw new MailboxExists();
  const id = makeWithParents(context, {
    accountId: owner,
    name: checked,
    role: freeRole(context, owner, checked, role),
  });
  return toMailbox(mailboxById(db, id)!);
};

export const renameMailbox: Command<"renameMailbox"> = (context, { account, from, to }) => {
  const plan = planRename(from, to);
  const owner = knownAccountId(context, account);
  if (owner === null) throw new NoSuchMailbox();
  if (mailboxIdByName(context, owner, plan.to) !== null) throw new MailboxExists();
  if (plan.from === INBOX) return moveInbox(context, owner, plan.to);
  renameTree(context, owner, plan);
  return null;
};

function renameTree(context: WriteContext, owner: number, plan: RenamePlan): void {
  const moved = mailboxesBelow(context, owner, plan.from);
  if (moved.length === 0) throw new NoSuchMailbox();
  const leaving = new Set(moved.map((mailbox) => mailbox.name));
  const rename = (name: string) => plan.to + name.slice(plan.from.length);
  for (const { name } of moved) {
    const target = rename(name);
    if (!leaving.has(target) && mailboxIdByName(context, owner, target) !== null) throw new MailboxExists();
  }
  for (const { id, name, uidvalidity } of moved) {
    retireName(context, { accountId: owner, name, uidvalidity });
    const target = checkedName(rename(name));
    context.db.run(
      "UPDATE mailboxes SET name = ?, uidvalidity = ? WHERE id = ?",
      target,
      validityUnder(context, { accountId: owner, name: target, uidvalidity }),
      id,
    );
  }
  for (const name of namesAbove(plan.to)) ensureMailbox(context, owner, name);
}

/** RFC 3501 section 6.3.5: the messages leave, INBOX and what is below it stay. They are moved by the writes that follow. */
function moveInbox(
  context: WriteContext,
  owner: number,
  to: string,
): { readonly from: number; readonly to: number } {
  const source = mailboxIdByName(context, owner, INBOX)!;
  const target = makeWithParents(context, { accountId: owner, name: to, role: null });
  return { from: source, to: target };
}

export const removeMailbox: Command<"removeMailbox"> = (context, { account, name }) => {
  const normal = normalizeName(name);
  if (normal === INBOX) refuseInboxRemoval();
  const owner = knownAccountId(context, account);
  const id = owner === null ? null : mailboxIdByName(context, owner, normal);
  if (owner === null || id === null) throw new NoSuchMailbox();
  const { modseq, uidvalidity } = context.db.get<{ modseq: number; uidvalidity: number }>(
    "UPDATE mailboxes SET removed = 1, modseq = modseq + 1 WHERE id = ? RETURNING modseq, uidvalidity",
    id,
  )!;
  retireName(context, { accountId: owner, name: normal, uidvalidity });
  context.effects.mailboxChanged(id, modseq);
  context.effects.litter = true;
};

export const subscribe: Command<"subscribe"> = (context, { account, name, on }) => {
  if (on) {
    const sql = "INSERT OR IGNORE INTO subscriptions (account_id, name) VALUES (?, ?)";
    context.db.run(sql, accountId(context, account), checkedName(name));
  } else {
    const sql = "DELETE FROM subscriptions WHERE account_id = ? AND name = ?";
    context.db.run(sql, knownAccountId(context, account), normalizeName(name));
  }
};

/** The mailbox and those below it, the shorter names first, so that each new name is free when its turn comes. */
function mailboxesBelow(context: WriteContext, owner: number, name: string) {
  return context.db.all<{ id: number; name: string; uidvalidity: number }>(
    "SELECT id, name, uidvalidity FROM mailboxes WHERE account_id = ? AND removed = 0 ORDER BY length(name), name",
    owner,
  ).filter((mailbox) => isAtOrBelow(mailbox.name, name));
}

interface NamedValidity {
  readonly accountId: number;
  readonly name: string;
  readonly uidvalidity: number;
}

/** Remembers what UIDVALIDITY a name had when it was given up. */
function retireName(context: WriteContext, { accountId, name, uidvalidity }: NamedValidity): void {
  context.db.run(
    `INSERT INTO retired_names (account_id, name, uidvalidity) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET uidvalidity = max(uidvalidity, excluded.uidvalidity)`,
    accountId,
    name,
    uidvalidity,
  );
}

/** A renamed mailbox keeps its UIDVALIDITY unless its new name had a higher one before. */
function validityUnder(context: WriteContext, { accountId, name, uidvalidity }: NamedValidity): number {
  const retired = context.db.get<{ uidvalidity: number }>(
    "SELECT uidvalidity FROM retired_names WHERE account_id = ? AND name = ?",
    accountId,
    name,
  );
  return retired === undefined || retired.uidvalidity <= uidvalidity ? uidvalidity : nextUidValidity(context);
}
