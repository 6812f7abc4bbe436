import { no } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";

/** Throws NO when these flags would make more, or longer, keywords than a mailbox may have. */
export function requireRoomForKeywords(session: ImapSession, flags: readonly string[]): void {
  requireShortKeywords(session, flags);
  const { selected, limits } = session;
  const fresh = selected.countNewKeywords(flags);
  if (fresh > 0 && selected.keywordCount + fresh > limits.keywords) {
    throw new Rejection(no(`A mailbox can have at most ${limits.keywords} keywords`, { code: "LIMIT" }));
  }
}

export function requireShortKeywords({ limits }: ImapSession, flags: readonly string[]): void {
  const { keywordLength } = limits;
  if (flags.some((flag) => flag.length > keywordLength)) {
    throw new Rejection(no(`A keyword can have at most ${keywordLength} characters`, { code: "LIMIT" }));
  }
}
