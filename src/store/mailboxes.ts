/** RFC 6154; `inbox` is INBOX. */
export type MailboxRole = "inbox" | "drafts" | "sent" | "junk" | "trash" | "archive";

export interface Mailbox {
  /** Stays through renames and is never used again (MAILBOXID, RFC 8474). */
  readonly id: number;
  readonly account: string;
  /** Unicode (NFC), levels separated by `/`; `INBOX` in capitals. */
  readonly name: string;
  readonly role: MailboxRole | null;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModseq: number;
  readonly messages: number;
  readonly unseen: number;
  /** Messages that no read-write session has seen yet: the UIDs from here on are \Recent. */
  readonly recentFrom: number;
  readonly bytes: number;
  /** Messages with \Deleted, and their bytes (STATUS, RFC 9051 and RFC 9208). */
  readonly deleted: number;
  readonly deletedBytes: number;
}

/** What of a mailbox stays as it is while mail comes and goes. */
export type MailboxPlace = Pick<Mailbox, "id" | "account" | "name">;

/**
 * Errors are `Refusal`s whose reply carries these enhanced codes, so that sessions can map them:
 * no such mailbox 550 5.1.1 (`NoSuchMailbox`), name taken 553 5.1.0 (`MailboxExists`). See `errors.ts`.
 */
export interface MailboxStore {
  list(account: string): Promise<Mailbox[]>;
  /** By exact name (INBOX in any case); null when there is none. */
  get(account: string, name: string): Promise<Mailbox | null>;
  byId(mailboxId: number): Promise<Mailbox | null>;
  /** As `get`, for those who ask for every message that they put somewhere: it need not go to the disk. */
  find(account: string, name: string): Promise<MailboxPlace | null>;
  /** Makes the mailbox and the missing ones above it. Throws `MailboxExists`. */
  create(account: string, name: string, role?: MailboxRole | null): Promise<Mailbox>;
  /**
   * Renames it and everything below it; throws `NoSuchMailbox`, `MailboxExists`. Of INBOX the messages move to a new mailbox
   * and INBOX stays, empty (RFC 3501 section 6.3.5).
   */
  rename(account: string, from: string, to: string): Promise<void>;
  /** Removes the mailbox and its messages, not those below it. Throws `NoSuchMailbox`. */
  remove(account: string, name: string): Promise<void>;
  /** Subscribed names, which need not exist (RFC 3501 section 6.3.6). */
  subscriptions(account: string): Promise<string[]>;
  subscribe(account: string, name: string, on: boolean): Promise<void>;
}
