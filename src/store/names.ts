/**
 * Names of mailboxes and accounts. A mailbox name is text, never a path: `../x` is a mailbox like any other. It is kept
 * in NFC so that the same name typed on two systems is one mailbox.
 */
import { Refusal } from "../core/errors.ts";
import { toNfc } from "../core/unicode.ts";
import type { Mailbox, MailboxRole } from "./mod.ts";

export const INBOX = "INBOX";

/** What a new account starts with (RFC 6154); all are subscribed. */
export const DEFAULT_MAILBOXES: readonly (readonly [name: string, role: MailboxRole])[] = [
  [INBOX, "inbox"],
  ["Drafts", "drafts"],
  ["Sent", "sent"],
  ["Junk", "junk"],
  ["Trash", "trash"],
  ["Archive", "archive"],
];

const MAX_LENGTH = 1000;
const MAX_LEVELS = 50;

/** The one spelling of an account's name. */
export function accountKey(account: string): string {
  return toNfc(account).toLowerCase();
}

/** The one spelling of a mailbox name: NFC, and INBOX in capitals also where it is only the first level. */
export function normalizeName(name: string): string {
  const text = toNfc(name);
  const slash = text.indexOf("/");
  const first = slash < 0 ? text : text.slice(0, slash);
  return first.toUpperCase() === INBOX ? INBOX + text.slice(first.length) : text;
}

/** Brings the name of a mailbox that shall be made to its one spelling, or refuses it. */
export function checkedName(name: string): string {
  const text = normalizeName(name);
  const levels = text.split("/");
  if (text.length > MAX_LENGTH || levels.length > MAX_LEVELS) {
    throw Refusal.of(553, "5.1.3", "That mailbox name is too long or too deep");
  }
  if (levels.includes("") || /[\x00-\x1f\x7f-\x9f]/.test(text) || !text.isWellFormed()) {
    throw Refusal.of(553, "5.1.3", "That is not a mailbox name");
  }
  return text;
}

/** The names above a name, the highest first. */
export function namesAbove(name: string): string[] {
  const above: string[] = [];
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) above.push(name.slice(0, at));
  return above;
}

/** Whether `name` is `top` or below it. */
export function isAtOrBelow(name: string, top: string): boolean {
  return name === top || (name.startsWith(top) && name[top.length] === "/");
}

/** The role that a new mailbox has by its name. */
export function defaultRole(name: string): MailboxRole | null {
  return DEFAULT_MAILBOXES.find(([known]) => known === name)?.[1] ?? null;
}

/** INBOX first, then by code units: the same order from every store. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  if (a === INBOX) return -1;
  if (b === INBOX) return 1;
  return a < b ? -1 : 1;
}

export function sortMailboxes(mailboxes: Mailbox[]): Mailbox[] {
  return mailboxes.sort((a, b) => compareNames(a.name, b.name));
}

export interface RenamePlan {
  readonly from: string;
  readonly to: string;
}

/** Checks a rename by the names alone; INBOX is the caller's special case. */
export function planRename(from: string, to: string): RenamePlan {
  const plan = { from: normalizeName(from), to: checkedName(to) };
  if (plan.to !== plan.from && isAtOrBelow(plan.to, plan.from) && plan.from !== INBOX) {
    throw Refusal.of(553, "5.1.3", "A mailbox cannot be moved below itself");
  }
  return plan;
}

/** INBOX is always there (RFC 3501 section 6.3.4). */
export function refuseInboxRemoval(): never {
  throw Refusal.of(550, "5.7.0", "INBOX cannot be removed");
}

export function refuseTakenRole(): never {
  throw Refusal.of(553, "5.1.0", "Another mailbox has that role");
}
