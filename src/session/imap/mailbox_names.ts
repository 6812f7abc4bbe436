import { toNfc } from "../../core/unicode.ts";
import { DELIMITER, no } from "../../wire/imap/mod.ts";
import { Rejection } from "./errors.ts";
import type { ImapLimits } from "./limits.ts";

const INBOX = "INBOX";

/** The one spelling of a name: NFC, and INBOX in capitals, also as the first level (RFC 3501 section 5.1). */
export function canonicalName(name: string): string {
  const text = toNfc(name);
  const end = text.indexOf(DELIMITER);
  const first = end < 0 ? text : text.slice(0, end);
  return first.toUpperCase() === INBOX ? INBOX + text.slice(first.length) : text;
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
