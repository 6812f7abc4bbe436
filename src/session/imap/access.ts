/**
 * Which mailbox a name means, and what this session may do with it (RFC 4314). Every command that names a mailbox comes
 * through here, so that whose mailbox it is, is decided in one place.
 */
import { no } from "../../wire/imap/mod.ts";
import type { Mailbox } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";
import { canonicalName } from "./mailbox_names.ts";

/**
 * RFC 4314 section 2.1: look up, read, keep \Seen, write flags, insert, post, create below, delete the mailbox, set \Deleted,
 * expunge, administer.
 */
export type Right = "l" | "r" | "s" | "w" | "i" | "p" | "k" | "x" | "t" | "e" | "a";

export const ALL_RIGHTS = "lrswipkxtea";

export interface Access {
  readonly mailbox: Mailbox;
  /** Letters of `Right`, in the order of `ALL_RIGHTS`. */
  readonly rights: string;
}

export interface AccessOptions {
  /** What the command needs; without it NO [NOPERM], or as if it were not there for who may not look it up (section 6). */
  readonly needs: readonly Right[];
  /** What a missing mailbox is answered with. */
  readonly code?: "NONEXISTENT" | "TRYCREATE";
}

/** The mailbox of this name, as this session may use it. Throws NO when there is none, or a right is missing. */
export async function openAccess(
  session: ImapSession,
  name: string,
  options: AccessOptions,
): Promise<Access> {
  const mailbox = await session.store.mailboxes.get(session.account, canonicalName(name));
  if (mailbox === null) throw new Rejection(no("No such mailbox", { code: options.code ?? "NONEXISTENT" }));
  const access = { mailbox, rights: ALL_RIGHTS };
  requireRights(access, options.needs);
  return access;
}

/** Throws NO [NOPERM] when one of the rights is missing (RFC 4314 section 6, RFC 5530 section 3). */
export function requireRights(access: Pick<Access, "rights">, needs: readonly Right[]): void {
  for (const right of needs) {
    if (!access.rights.includes(right)) {
      throw new Rejection(no(`You lack the right "${right}" on the mailbox`, { code: "NOPERM" }));
    }
  }
}
