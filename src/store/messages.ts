import type { MessageDigest } from "../wire/mime/digest.ts";
import type { StagedBody } from "./bodies.ts";
import type { Mailbox } from "./mailboxes.ts";
import type { SortRequest, ThreadList, ThreadRequest } from "./ordering.ts";
import type { QuotaLimit } from "./quota.ts";
import type { SearchKey, SearchOptions } from "./search.ts";

/** Inclusive ranges, ascending and apart. */
export type UidRanges = readonly (readonly [from: number, to: number])[];

export interface MessageRow {
  readonly uid: number;
  readonly modseq: number;
  /** System flags first (`\Seen` ...), then keywords, in a fixed order. Never `\Recent`. */
  readonly flags: readonly string[];
  /** Milliseconds since 1970. */
  readonly internalDate: number;
  readonly size: number;
  /** EMAILID (RFC 8474): the same for all copies of a message. */
  readonly bodyId: number;
  /** When it came into this mailbox (SAVEDATE, RFC 8514); null for what came before the store took note. */
  readonly savedAt: number | null;
}

export interface MessageRowWithDigest extends MessageRow {
  readonly digest: MessageDigest;
}

/** With what IMAP shows of the message, as it is sent. */
export interface ShownRow extends MessageRow {
  /** Where the body of the message begins. */
  readonly headerSize: number;
  /** ENVELOPE and BODYSTRUCTURE (RFC 3501 section 7.4.2); empty unless they were asked for. */
  readonly envelope: Uint8Array;
  readonly structure: Uint8Array;
}

export interface ShownOptions {
  /** Whether the texts are wanted. */
  readonly texts: boolean;
  /** Whether they are for a client that has switched on UTF-8 (RFC 9755 section 3). */
  readonly utf8: boolean;
}

/** Messages in columns, in the order of their UIDs: where there are ten thousand, a row for each would cost more than all else. */
export interface FlagTable {
  readonly uids: Uint32Array;
  readonly modseqs: Float64Array;
  /** Of each message the place of its flags in `flagLists`. */
  readonly flags: Uint16Array;
  /** As in `MessageRow`; all different. */
  readonly flagLists: readonly (readonly string[])[];
}

/** What a session needs to open a mailbox. */
export interface MailboxView {
  readonly mailbox: Mailbox;
  /** Ascending; the index is the message sequence number minus one. */
  readonly uids: Uint32Array;
  /** The lowest UID without \Seen; null when all are seen. */
  readonly firstUnseenUid: number | null;
  /** Keywords in use in this mailbox. */
  readonly keywords: readonly string[];
}

export interface AppendRequest {
  readonly mailboxId: number;
  readonly body: StagedBody;
  readonly flags: readonly string[];
  readonly internalDate: number;
  /** What the mailbox's owner may have; past it the message is refused with 552 5.2.2. */
  readonly quota?: QuotaLimit;
  /** How many keywords the mailbox may have in all; past it the message is refused with 552 5.2.0. */
  readonly keywordLimit?: number;
}

/** RFC 8508: the message takes the place of another one. */
export interface ReplaceRequest extends AppendRequest {
  /** The mailbox that the other one is in. */
  readonly source: number;
  readonly uid: number;
}

export interface Appended {
  readonly uid: number;
  readonly uidValidity: number;
}

export interface TransferOptions {
  /** What the target's owner may have, past which it is refused with 552 5.2.2. A move within an account is never refused. */
  readonly quota?: QuotaLimit;
  /** Which flags come along; without it all of them. */
  readonly keeps?: KeptFlags;
  /** How many keywords the target may have in all, past which it is refused with 552 5.2.0. */
  readonly keywordLimit?: number;
}

export interface FlagOptions {
  /** Messages of a higher modseq are left alone (RFC 7162). */
  readonly unchangedSince?: number;
  /** How many keywords the mailbox may have in all, past which nothing more is changed and it is refused with 552 5.2.0. */
  readonly keywordLimit?: number;
}

/** The kinds of flags that have rights of their own (RFC 4314 section 4). */
export interface KeptFlags {
  readonly seen: boolean;
  readonly deleted: boolean;
  /** All the others, and keywords. */
  readonly others: boolean;
}

export interface ChangesOptions {
  /** Only messages of these UIDs (QRESYNC's known UIDs). */
  readonly uids?: UidRanges;
}

export type FlagChange = { readonly kind: "set" | "add" | "remove"; readonly flags: readonly string[] };

export interface Changes {
  readonly highestModseq: number;
  readonly uidNext: number;
  /** New or changed since, ascending by UID. */
  readonly changed: readonly MessageRow[];
  /**
   * Expunged since, ascending. When the log of the expunged does not go back so far any more, every UID that was given out and is
   * not there (RFC 7162 section 3.2.5.2: more is no error, less would be).
   */
  readonly vanished: readonly number[];
}

export interface UidCopy {
  readonly uidValidity: number;
  /** Source and target UIDs, pairwise, in ascending order of the source. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

export interface MessageStore {
  /** With `claimRecent` the messages that were \Recent until now are this session's (recentFrom in the result is the old one). */
  open(mailboxId: number, options?: { readonly claimRecent?: boolean }): Promise<MailboxView | null>;
  /** Rows in ascending order of UID, in batches small enough never to hold a thread for long. */
  rows(mailboxId: number, uids: UidRanges): AsyncIterable<readonly MessageRow[]>;
  /** The same messages, when nothing but their flags is wanted; no table is empty, nor has more than 5,000 messages. */
  flagTables(mailboxId: number, uids: UidRanges): AsyncIterable<FlagTable>;
  rowsWithDigest(mailboxId: number, uids: UidRanges): AsyncIterable<readonly MessageRowWithDigest[]>;
  shownRows(mailboxId: number, uids: UidRanges, options: ShownOptions): AsyncIterable<readonly ShownRow[]>;
  /** Throws `NoSuchMailbox`. */
  append(request: AppendRequest): Promise<Appended>;
  /** All or nothing, in this order (RFC 3502). */
  appendMany(requests: readonly AppendRequest[]): Promise<Appended[]>;
  /** Appends and expunges in one transaction; throws `NoSuchMailbox`, `NoSuchMessage`. */
  replace(request: ReplaceRequest): Promise<Appended>;
  /**
   * Changes flags and returns the new rows of the messages that exist, changed or not. With `unchangedSince` messages of a
   * higher modseq are left alone and returned in `modified` (RFC 7162).
   */
  setFlags(
    mailboxId: number,
    uids: UidRanges,
    change: FlagChange,
    options?: FlagOptions,
  ): Promise<{ readonly rows: readonly MessageRow[]; readonly modified: readonly number[] }>;
  /** Removes those of the messages that are \Deleted (or all of them, with `any`); the UIDs removed, ascending. */
  expunge(
    mailboxId: number,
    uids: UidRanges,
    options?: { readonly any?: boolean },
  ): Promise<readonly number[]>;
  /** All or nothing; throws `NoSuchMailbox` when the target is gone. Flags and internal date are kept. */
  copy(
    mailboxId: number,
    uids: UidRanges,
    toMailboxId: number,
    options?: TransferOptions,
  ): Promise<UidCopy>;
  /** As `copy`, but each message by itself: one that fails in the middle leaves messages in both mailboxes, none in two. */
  move(
    mailboxId: number,
    uids: UidRanges,
    toMailboxId: number,
    options?: TransferOptions,
  ): Promise<UidCopy>;
  /** Costs what changed, not what there is. Throws `NoSuchMailbox`. */
  changesSince(mailboxId: number, modseq: number, options?: ChangesOptions): Promise<Changes>;
  /** The UIDs that match, ascending. A long search yields to others between slices and ends when the signal aborts. */
  search(mailboxId: number, key: SearchKey, options?: SearchOptions): Promise<number[]>;
  /** The UIDs that match in the order asked for (RFC 5256), under the same conditions. */
  sort(mailboxId: number, request: SortRequest, options?: SearchOptions): Promise<number[]>;
  /** Those that match as conversations (RFC 5256). */
  thread(mailboxId: number, request: ThreadRequest, options?: SearchOptions): Promise<ThreadList>;
}
