/**
 * Which mailbox a name means, and what this session may do with it (RFC 4314). Every command that names a mailbox comes
 * through here, so that whose mailbox it is, is decided in one place. What somebody may not look up is, to them, not there.
 */
import { ALL_RIGHTS, bye, no, type Right } from "../../wire/imap/mod.ts";
import type { AclEntry } from "../../store/acl.ts";
import type { Mailbox, MailboxPlace } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";
import { Rejection, SessionOver } from "./errors.ts";
import {
  canonicalName,
  checkedName,
  isBelowShared,
  joinSharedName,
  ownName,
  SHARED,
  splitSharedName,
} from "./mailbox_names.ts";
import { namesAbove } from "./names_above.ts";
import { identifiersOf, rightsFrom } from "./rights.ts";

export { ALL_RIGHTS, type Right };

export interface Access extends AccessTo<Mailbox> {}

/** Where messages are to be put. */
export interface Target extends AccessTo<MailboxPlace> {}

interface AccessTo<M extends MailboxPlace> {
  readonly mailbox: M;
  /** As this session calls it. */
  readonly name: string;
  /** Somebody else owns it. */
  readonly isShared: boolean;
  /** Letters of `Right`, in the order of `ALL_RIGHTS`. */
  readonly rights: string;
}

export interface AccessOptions {
  /** What the command needs; without it NO [NOPERM], or as if it were not there for who may not look it up (section 6). */
  readonly needs: readonly Right[];
  /** Besides, at least one of these. */
  readonly any?: readonly Right[];
  /** What a missing mailbox is answered with. */
  readonly code?: "NONEXISTENT" | "TRYCREATE";
}

/** The mailbox of this name, as this session may use it. Throws NO when there is none, or a right is missing. */
export async function openAccess(
  session: ImapSession,
  name: string,
  options: AccessOptions,
): Promise<Access> {
  return permitted(await findMailbox(session, name), options);
}

/** The mailbox of this name, with whatever rights there are in it; null when there is none. */
export async function findMailbox(session: ImapSession, name: string): Promise<Access | null> {
  const { mailboxes } = session.store;
  return await findAccess(session, name, (account, own) => mailboxes.get(account, own));
}

/** The mailbox that APPEND, COPY, MOVE or REPLACE put messages into. */
export async function openTarget(session: ImapSession, name: string): Promise<Target> {
  const { mailboxes } = session.store;
  const target = await findAccess(session, name, (account, own) => mailboxes.find(account, own));
  return permitted(target, TO_PUT);
}

/** Throws as `openTarget` does when the right was taken back since: messages may take hours to come. */
export async function requireStillOpen(
  { store, account }: ImapSession,
  { mailbox, isShared }: Target,
): Promise<void> {
  if (!isShared) return;
  const rights = rightsFrom(await store.acl.get(mailbox.id), account);
  permitted(sharedAccess(mailbox, rights), TO_PUT);
}

const TO_PUT: AccessOptions = { needs: ["i"], code: "TRYCREATE" };

function permitted<M extends MailboxPlace>(
  access: AccessTo<M> | null,
  { needs, any = [], code = "NONEXISTENT" }: AccessOptions,
): AccessTo<M> {
  const missing = access === null ? "l" : missingRight(access.rights, needs, any);
  if (access !== null && missing === null) return access;
  if (access === null || !access.rights.includes("l")) throw new Rejection(no("No such mailbox", { code }));
  throw lacking(missing!);
}

async function findAccess<M extends MailboxPlace>(
  { store, account }: ImapSession,
  name: string,
  find: (account: string, ownName: string) => Promise<M | null>,
): Promise<AccessTo<M> | null> {
  const own = await find(account, ownName(name));
  if (own !== null) return ownAccess(own);
  const shared = splitSharedName(canonicalName(name));
  if (shared === null || shared.owner === account) return null;
  const mailbox = await find(shared.owner, shared.name);
  if (mailbox === null) return null;
  return sharedAccess(mailbox, rightsFrom(await store.acl.get(mailbox.id), account));
}

/** The owner always has all rights. */
export function ownAccess<M extends MailboxPlace>(mailbox: M): AccessTo<M> {
  return { mailbox, name: mailbox.name, isShared: false, rights: ALL_RIGHTS };
}

export function sharedAccess<M extends MailboxPlace>(mailbox: M, rights: string): AccessTo<M> {
  const name = joinSharedName({ owner: mailbox.account, name: mailbox.name });
  return { mailbox, name, isShared: true, rights };
}

/** The mailboxes of others that this account may look up, in the order of owner and name. */
export async function sharedAccesses({ store, account }: ImapSession): Promise<Access[]> {
  const shared = await store.acl.sharedWith(account, identifiersOf(account));
  return shared
    .map(({ mailbox, entries }) => sharedAccess(mailbox, rightsFrom(entries, account)))
    .filter(({ rights }) => rights.includes("l"));
}

function missingRight(rights: string, needs: readonly Right[], any: readonly Right[]): Right | null {
  const missing = needs.find((right) => !rights.includes(right));
  if (missing !== undefined) return missing;
  return any.length === 0 || any.some((right) => rights.includes(right)) ? null : any[0]!;
}

function lacking(right: Right): Rejection {
  return new Rejection(no(`You lack the right "${right}" on the mailbox`, { code: "NOPERM" }));
}

/** Throws NO [NOPERM] when one of the rights is missing (RFC 4314 section 6, RFC 5530 section 3). */
export function requireRights({ rights }: Pick<Access, "rights">, needs: readonly Right[]): void {
  const missing = missingRight(rights, needs, []);
  if (missing !== null) throw lacking(missing);
}

/**
 * What this session may still do with the mailbox that it has selected: another's may be taken back at any time. Ends the
 * session when it may no longer be read, as when the mailbox is removed (RFC 2180 section 3.3).
 */
export async function currentRights(
  { store, account }: ImapSession,
  { id }: Pick<Mailbox, "id">,
): Promise<string> {
  const rights = rightsFrom(await store.acl.get(id), account);
  if (rights.includes("r")) return rights;
  throw new SessionOver(bye("You may no longer read the selected mailbox"));
}

/** Where a mailbox shall come to be. */
export interface Place {
  /** Whose it will be. */
  readonly account: string;
  /** As the owner calls it, and as this session does. */
  readonly ownName: string;
  readonly name: string;
  /** All mailboxes of the owner. */
  readonly mailboxes: readonly Mailbox[];
  /** Who may use the nearest mailbox above it: those may use the new one too. */
  readonly entries: readonly AclEntry[];
}

/** Checks a new name, and whether this session may make it: below another's mailbox that takes the right "k" (section 4). */
export async function openPlace(session: ImapSession, given: string): Promise<Place> {
  const { store, account, limits } = session;
  const name = checkedName(given, limits);
  const shared = splitSharedName(name);
  const isReserved = name === SHARED || isBelowShared(name);
  if (isReserved && (shared === null || shared.owner === account)) {
    throw new Rejection(no(`What begins with "${SHARED}" are the mailboxes of others`, { code: "CANNOT" }));
  }
  const owner = shared?.owner ?? account;
  const ownName = shared?.name ?? name;
  const mailboxes = await store.mailboxes.list(owner);
  const byName = new Map(mailboxes.map((mailbox) => [mailbox.name, mailbox]));
  const parent = [...namesAbove(ownName)].find((above) => byName.has(above));
  const entries = parent === undefined ? [] : await store.acl.get(byName.get(parent)!.id);
  if (shared !== null) {
    const hidden = byName.get(ownName);
    const isHidden = hidden !== undefined &&
      !rightsFrom(await store.acl.get(hidden.id), account).includes("l");
    // The same words whether the place, or its owner, exist or not.
    if (isHidden || !rightsFrom(entries, account).includes("k")) {
      throw new Rejection(no("You may not make mailboxes there", { code: "NOPERM" }));
    }
  }
  return { account: owner, ownName, name, mailboxes, entries };
}
