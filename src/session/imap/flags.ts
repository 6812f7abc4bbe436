import type { Right } from "./access.ts";
import { no } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";

/** Longer keywords serve nobody. */
const MAX_KEYWORD = 100;

/** Throws NO when these flags would make more, or longer, keywords than a mailbox may have. */
export function requireRoomForKeywords(session: ImapSession, flags: readonly string[]): void {
  requireShortKeywords(flags);
  const { selected, limits } = session;
  const fresh = selected.countNewKeywords(flags);
  if (fresh > 0 && selected.keywordCount + fresh > limits.keywords) {
    throw new Rejection(no(`A mailbox can have at most ${limits.keywords} keywords`, { code: "LIMIT" }));
  }
}

export function requireShortKeywords(flags: readonly string[]): void {
  if (flags.some((flag) => flag.length > MAX_KEYWORD)) {
    throw new Rejection(no(`A keyword can have at most ${MAX_KEYWORD} characters`, { code: "LIMIT" }));
  }
}

/** RFC 4314 section 4: \Deleted and \Seen have rights of their own, all other flags share one. */
export function rightsForFlags(flags: readonly string[]): Right[] {
  const rights = flags.map((flag) => FLAG_RIGHTS.get(flag.toLowerCase()) ?? "w");
  return [...new Set(rights)];
}

const FLAG_RIGHTS: ReadonlyMap<string, Right> = new Map([["\\seen", "s"], ["\\deleted", "t"]]);
