import { accountKey } from "../../store/names.ts";
import { no } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";
import { ANYONE, parseIdentifier } from "./rights.ts";

/**
 * The one spelling of an identifier: an account of this server or `anyone`, with `-` in front for rights that are taken away
 * (RFC 4314 section 2). Throws NO for somebody that there is not: rights for a misspelt name help nobody, and would
 * belong to whoever gets that name one day.
 */
export function knownIdentifier({ deps }: ImapSession, identifier: string): string {
  const key = accountKey(identifier);
  const { who } = parseIdentifier(key);
  if (who === ANYONE || (deps.directory?.current.account(who) ?? null) !== null) return key;
  throw new Rejection(
    no("There is no such account here; give its whole address, or anyone", { code: "CANNOT" }),
  );
}

/** Throws NO for the owner, whose rights are always all (RFC 4314 section 3.7: they are required). */
export function requireNotOwner(owner: string, identifier: string): void {
  if (parseIdentifier(identifier).who !== owner) return;
  throw new Rejection(no("The owner of a mailbox always has all rights", { code: "CANNOT" }));
}
