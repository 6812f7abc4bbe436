import { toNfc } from "../../core/unicode.ts";
import { DELIMITER, no } from "../../wire/imap/mod.ts";
import { Rejection } from "./errors.ts";
import type { ImapLimits } from "./limits.ts";

const INBOX = "INBOX";
/**
 * The first level of the names of others' mailboxes, `Shared/owner@example.com/Name`. It is reserved: nobody makes a
 * mailbox of their own there. One that a delivery or an older server made there is still its owner's.
 */
export const SHARED = "Shared";

/** A mailbox of somebody else, by its owner and by the name that the owner gave it. */
export interface SharedName {
  readonly owner: string;
  readonly name: string;
}

/** The one spelling of a name: NFC, INBOX in capitals also as the first level (RFC 3501 section 5.1), owners in lower case. */
export function canonicalName(name: string): string {
  const text = ownName(name);
  const shared = splitSharedName(text);
  return shared === null ? text : joinSharedName(shared);
}

/** As `canonicalName`, were all mailboxes one's own. */
export function ownName(name: string): string {
  return withInbox(toNfc(name));
}

function withInbox(text: string): string {
  const end = text.indexOf(DELIMITER);
  const first = end < 0 ? text : text.slice(0, end);
  return first.toUpperCase() === INBOX ? INBOX + text.slice(first.length) : text;
}

export function joinSharedName({ owner, name }: SharedName): string {
  return [SHARED, owner, name].join(DELIMITER);
}

/** Null for what is not the name of somebody's mailbox. The owner's part may hold the delimiter too, but only before its `@`. */
export function splitSharedName(name: string): SharedName | null {
  if (!isBelowShared(name)) return null;
  const start = SHARED.length + DELIMITER.length;
  const at = name.indexOf("@", start);
  const end = at < 0 ? -1 : name.indexOf(DELIMITER, at);
  if (end < 0 || end + 1 === name.length) return null;
  return { owner: name.slice(start, end).toLowerCase(), name: withInbox(name.slice(end + 1)) };
}

export function isBelowShared(name: string): boolean {
  return name.startsWith(SHARED + DELIMITER);
}

export function isInbox(name: string): boolean {
  return canonicalName(name) === INBOX;
}

/** Checks the name of a mailbox that shall come to be. */
export function checkedName(name: string, limits: ImapLimits): string {
  const text = canonicalName(name);
  const levels = text.split(DELIMITER);
  if (text.length > limits.mailboxNameLength || levels.length > limits.mailboxLevels) {
    throw new Rejection(no("The mailbox name is too long or has too many levels", { code: "LIMIT" }));
  }
  if (levels.includes("")) {
    throw new Rejection(no("A level of the mailbox name is empty", { code: "CANNOT" }));
  }
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text)) {
    throw new Rejection(no("The mailbox name has control characters", { code: "CANNOT" }));
  }
  return text;
}

/** `name/`, as CREATE may have it, means `name` (RFC 3501 section 6.3.3). */
export function withoutFinalDelimiter(name: string): string {
  return name.endsWith(DELIMITER) ? name.slice(0, -1) : name;
}
