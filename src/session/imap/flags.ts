import { no } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";

/** Throws NO when one of these flags is a keyword that is too long. How many there are in a mailbox, the store counts. */
export function requireShortKeywords({ limits }: ImapSession, flags: readonly string[]): void {
  const { keywordLength } = limits;
  if (flags.some((flag) => flag.length > keywordLength)) {
    throw new Rejection(no(`A keyword can have at most ${keywordLength} characters`, { code: "LIMIT" }));
  }
}
