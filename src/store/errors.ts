import { Refusal } from "../core/errors.ts";
import { reply } from "../core/reply.ts";

/** There is no mailbox of that name, or it was removed meanwhile. */
export class NoSuchMailbox extends Refusal {
  override readonly name = "NoSuchMailbox";
  constructor() {
    super(reply(550, "5.1.1", "No such mailbox"));
  }
}

/** The name is taken. */
export class MailboxExists extends Refusal {
  override readonly name = "MailboxExists";
  constructor() {
    super(reply(553, "5.1.0", "A mailbox of that name is already there"));
  }
}

/** The message was expunged meanwhile. */
export class NoSuchMessage extends Refusal {
  override readonly name = "NoSuchMessage";
  constructor() {
    super(reply(550, "5.1.0", "That message is not there any more"));
  }
}

/** The account has, or would have, more than it may (RFC 3463: 2.2 is "mailbox full"). */
export function overQuota(): Refusal {
  return Refusal.of(552, "5.2.2", "That would be more than the quota allows");
}

/** A delivery finds no room with anybody whom it is for; their quotas may have some later. */
export function mailboxFull(): Refusal {
  return Refusal.of(452, "4.2.2", "Mailbox full, try again later");
}

/** The mailbox has as many keywords as it may (RFC 5530: LIMIT). */
export function tooManyKeywords(limit: number): Refusal {
  return Refusal.of(552, "5.2.0", `A mailbox can have at most ${limit} keywords`);
}

/** More access rules, or annotations, than there may be of one mailbox. */
export function refuseTooManyEntries(): never {
  throw Refusal.of(552, "5.2.0", "There are too many entries");
}

/** The disk is full: nothing was stored, and it may work later. */
export class StoreFull extends Refusal {
  override readonly name = "StoreFull";
  constructor(reason: string) {
    super(reply(452, "4.3.1", "Insufficient system storage, try again later"), reason);
  }
}

/** The disk or the database file failed at this place. Nothing was stored; what lies elsewhere may still be read. */
export class StoreDamaged extends Error {
  override readonly name = "StoreDamaged";
  constructor(reason: string) {
    super(
      `The database or its disk is damaged (${reason}). Stop the server, keep a copy of the data folder, check the disk, ` +
        "and restore a backup; at the next start the database is examined.",
    );
  }
}
