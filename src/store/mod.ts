/**
 * The store room: mail at rest, in mail words. These are its ports; `memory/` and `sqlite/` stand behind them
 * and `tests/contract/` runs on both.
 *
 * Invariants that every store keeps:
 * - A promise that resolves has been committed, durably; one that rejects has changed nothing. Changes of thousands of
 *   messages go in slices, so that nobody else has to wait: others may see a part of them, and a rejected change of flags,
 *   expunge or move may have been done in part.
 * - `accept` is one transaction: the body once, an entry for each local recipient, a queue entry for the rest.
 * - UIDs of a mailbox only grow and are never used again; UIDVALIDITY of a name never goes back. Every change of a
 *   mailbox takes the next modseq of that mailbox, and a notice goes out on the bus after the commit.
 * - A full disk rejects with `Refusal` 452 4.3.1; a damaged or newer database is a `StoreOpenError` at the start.
 */
import type { Address, ReversePath } from "../core/address.ts";
import type { RecipientDsn } from "../core/envelope.ts";
import type { MessageDigest } from "../wire/mime/digest.ts";
import type { AclStore } from "./acl.ts";
import type { AnnotationStore } from "./annotations.ts";
import type { QuotaLimit, Usage } from "./quota.ts";
import type { SortRequest, ThreadList, ThreadRequest } from "./ordering.ts";
import type { SearchIndexPort } from "./search_index.ts";
import type { HiddenStore } from "./hidden.ts";
import type { ScriptStore } from "./scripts.ts";
import type { SearchKey, SearchOptions } from "./search.ts";
import type { FactStore, SpacedFact, TraceStore } from "./trace.ts";

export interface Store {
  readonly accounts: AccountStore;
  readonly mailboxes: MailboxStore;
  readonly messages: MessageStore;
  readonly bodies: BodyStore;
  readonly spool: SpoolStore;
  readonly trace: TraceStore;
  readonly facts: FactStore;
  readonly acl: AclStore;
  readonly annotations: AnnotationStore;
  readonly scripts: ScriptStore;
  readonly hidden: HiddenStore;
  readonly searchIndex: SearchIndexPort;
  readonly bus: Bus;
  /** Makes a message durable for all its recipients in one commit. */
  accept(delivery: Delivery): Promise<void>;
  /** Figures for /metrics. */
  stats(): StoreStats;
  /** Finishes what was begun and closes; later calls reject. */
  close(): Promise<void>;
}

/** The database cannot be used; `message` says what was found and what to do. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
}

// ---- Bodies ----

/** Collects the bytes of one message. Small ones wait in memory, large ones go to the store as they come. */
export interface BodyStage {
  readonly size: number;
  /** Takes over the bytes. Await it: it is how a fast sender is slowed down to the disk. */
  write(chunk: Uint8Array): Promise<void>;
  /** What was written so far, or a part of it, for those who must look before they decide; not after `seal`. */
  read(range: ByteRange): Promise<Uint8Array>;
  /** Ends the collection. `prefix` is put before everything (Return-Path, Received, later DKIM-Signature). */
  seal(prefix?: Uint8Array): StagedBody;
  /** Gives the bytes up. Safe at any time, also after `seal`; without effect once the body was accepted or appended. */
  discard(): void;
}

/** A complete body that no mailbox and no queue entry holds yet; good for one `accept` or `append`. */
export interface StagedBody {
  readonly size: number;
}

export interface ByteRange {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

export interface BodyStore {
  stage(): BodyStage;
  /** The bytes of a body, or of a part of it, in pieces of at most 64 KiB. Throws when there is no such body. */
  read(bodyId: number, range?: ByteRange): AsyncIterable<Uint8Array>;
  /**
   * Many small parts of bodies at once, each of at most 64 KiB, in this order; null for one that could not be read: `read` says
   * why. With `pick` the parts are headers, and of each only the fields are wanted.
   */
  readMany(reads: readonly BodyPart[], pick?: HeaderPick | null): Promise<readonly (Uint8Array | null)[]>;
}

export interface BodyPart {
  readonly bodyId: number;
  readonly range: ByteRange;
}

/** Fields of a header (RFC 3501 section 6.4.5), or all but these. */
export interface HeaderPick {
  readonly fields: readonly string[];
  readonly mode: "only" | "not";
}

// ---- Accounts ----

export interface AccountStore {
  /** Makes the account with INBOX, Drafts, Sent, Junk, Trash and Archive (all subscribed) unless it is there. */
  ensure(account: string): Promise<void>;
  list(): Promise<AccountRow[]>;
  /** The stored password hashes (see `credential.ts`); null when the account is missing or has none. */
  credential(account: string): Promise<string | null>;
  /** Sets or, with null, removes the password hash; makes the account if need be. */
  setCredential(account: string, hash: string | null): Promise<void>;
  /** What the account's mailboxes hold; nothing for an account that is not there. */
  usage(account: string): Promise<Usage>;
  /** Removes the account and all its mail, its annotations and scripts, and what others let it do; false when there was none. */
  remove(account: string): Promise<boolean>;
}

export interface AccountRow {
  readonly account: string;
  readonly hasCredential: boolean;
  readonly messages: number;
  readonly bytes: number;
  readonly createdAt: number;
}

// ---- Mailboxes ----

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

/**
 * Errors are `Refusal`s whose reply carries these enhanced codes, so that sessions can map them:
 * no such mailbox 550 5.1.1 (`NoSuchMailbox`), name taken 553 5.1.0 (`MailboxExists`). See `errors.ts`.
 */
export interface MailboxStore {
  list(account: string): Promise<Mailbox[]>;
  /** By exact name (INBOX in any case); null when there is none. */
  get(account: string, name: string): Promise<Mailbox | null>;
  byId(mailboxId: number): Promise<Mailbox | null>;
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

// ---- Messages ----

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
  /** Leaves `changed` empty. */
  readonly vanishedOnly?: boolean;
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
  /**
   * Rows in ascending order of UID, in batches small enough never to hold a thread for long. With `changedSince` those of a higher
   * modseq, at the cost of what changed.
   */
  rows(
    mailboxId: number,
    uids: UidRanges,
    options?: { readonly changedSince?: number },
  ): AsyncIterable<readonly MessageRow[]>;
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
    options?: { readonly unchangedSince?: number },
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

// ---- Delivery and spool ----

/** Into INBOX unless `mailbox` names another, which is made if it is missing. An account may have it in several. */
export interface LocalDelivery {
  readonly account: string;
  readonly mailbox?: string;
  readonly flags?: readonly string[];
}

export interface Delivery {
  /** `SubmitContext.id`. */
  readonly id: string;
  readonly body: StagedBody;
  readonly receivedAt: number;
  readonly local: readonly LocalDelivery[];
  /** The same message with another text, for those who had it changed. */
  readonly edited?: readonly { readonly body: StagedBody; readonly local: readonly LocalDelivery[] }[];
  readonly queued: NewQueueEntry | null;
  /** Put in the same commit, as `FactStore.put` does: that this message is here. */
  readonly facts?: readonly SpacedFact[];
}

export interface NewQueueEntry {
  readonly sender: ReversePath;
  readonly recipients: readonly Address[];
  readonly smtputf8: boolean;
  readonly eightBit: boolean;
  /** How many bytes at the start of the body are not sent on (our own Return-Path line). */
  readonly skip: number;
  /** When the first attempt is due. */
  readonly dueAt: number;
  /** By recipient, in the order of the envelope: held from the start; missing for none. */
  readonly held?: readonly boolean[];
  /** What RFC 3461 and RFC 8689 attach to the message; missing when the sender said nothing. */
  readonly wishes?: SenderWishes;
}

/** What the sender asked for, kept with the message as long as it is queued. */
export interface SenderWishes {
  /** RET. */
  readonly returns: "full" | "headers" | null;
  /** ENVID. */
  readonly envelopeId: string | null;
  readonly requireTls: boolean;
  /** BODY=BINARYMIME. */
  readonly binary: boolean;
  /** FUTURERELEASE (RFC 4865): its time in the queue counts from here. */
  readonly releaseAt?: number;
  /** By recipient, in the order of the envelope; missing when nothing was said of any. */
  readonly recipients?: readonly RecipientDsn[];
}

export interface QueuedRecipient {
  /** Its place in the envelope, from 0; the key within its message. */
  readonly index: number;
  readonly address: Address;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  readonly held: boolean;
  /** The delay notice has been sent. */
  readonly delayNotified: boolean;
  /** What the last attempt ended with, as `Reply.toString()`, and the host that said it. */
  readonly lastReply: string | null;
  readonly lastHost: string | null;
  /** NOTIFY and ORCPT (RFC 3461); missing when nothing was said. */
  readonly dsn?: RecipientDsn;
}

export interface QueuedMessage {
  readonly id: string;
  readonly bodyId: number;
  /** Bytes of the body, including what is skipped. */
  readonly size: number;
  readonly skip: number;
  readonly sender: ReversePath;
  readonly smtputf8: boolean;
  readonly eightBit: boolean;
  readonly queuedAt: number;
  /** Without `recipients`: those carry theirs. Missing when the sender asked for nothing. */
  readonly wishes?: SenderWishes;
  /** Those not finished yet, by index. */
  readonly recipients: readonly QueuedRecipient[];
}

export interface RecipientUpdate {
  readonly index: number;
  /** `done` takes the recipient out of the queue (delivered, or failed and reported). */
  readonly state:
    | { readonly kind: "done" }
    | {
      readonly kind: "waiting";
      readonly attempts: number;
      readonly nextAttemptAt: number;
      readonly lastReply: string;
      readonly lastHost: string | null;
      readonly delayNotified: boolean;
    };
}

export interface QueueFilter {
  readonly id?: string;
  /** Lower case. */
  readonly recipientDomain?: string;
  readonly sender?: string;
  readonly held?: boolean;
  /** One address, in lower case. */
  readonly recipient?: string;
  /** Queued before this time. */
  readonly queuedBefore?: number;
}

/** Which recipients are moved to a later time together, and what they are told was the reason. */
export interface Postponement {
  /** As it stands in their addresses. */
  readonly recipientDomain: string;
  /** Due at this time at the latest; who is held is not moved. */
  readonly dueBy: number;
  /** Only of messages that were queued after this. */
  readonly queuedAfter: number;
  /** Without a delay notice, only of messages that were queued after this. */
  readonly unnoticedAfter: number;
  /** They come due from `until` on, spread over so much time. */
  readonly until: number;
  readonly spreadMs: number;
  /** What they were answered; null when nobody was asked: what stands there stays. */
  readonly answer: { readonly lastReply: string; readonly lastHost: string | null } | null;
}

export interface SpoolStore {
  /** Messages with a recipient that is due and not held, the longest due first; all their unfinished recipients are listed. */
  due(now: number, limit: number): Promise<QueuedMessage[]>;
  /** When the next recipient that is not held comes due; null when none waits. */
  nextDueAt(): Promise<number | null>;
  /** Applies the result of an attempt in one commit; a message without recipients leaves the queue with its body. */
  settle(id: string, updates: readonly RecipientUpdate[]): Promise<void>;
  /**
   * Moves all recipients that are described, without counting an attempt; how many. In slices, each of them one commit, so that
   * other writes come in between however many they are.
   */
  postpone(what: Postponement): Promise<number>;
  list(
    filter?: QueueFilter,
    page?: { readonly after?: string; readonly limit?: number },
  ): Promise<QueuedMessage[]>;
  get(id: string): Promise<QueuedMessage | null>;
  /** Makes everything that matches due at `now`; the number of recipients. */
  flush(filter: QueueFilter, now: number): Promise<number>;
  hold(filter: QueueFilter, held: boolean): Promise<number>;
  /** Takes what matches out of the queue without a report; the number of messages. */
  drop(filter: QueueFilter): Promise<number>;
}

// ---- Bus and figures ----

export interface ChangeNotice {
  readonly mailboxId: number;
  readonly highestModseq: number;
}

/** Something about an account's mailboxes that is not in them: which there are, which are subscribed, and annotations. */
export type AccountNotice =
  | { readonly account: string; readonly what: "mailboxes" | "subscriptions" }
  | {
    readonly account: string;
    readonly what: "annotations";
    /** Null for the server's. */
    readonly mailboxId: number | null;
    readonly entries: readonly string[];
  };

export interface Bus {
  /** Calls after every commit that changed the mailbox, in this process; returns how to stop it. */
  watchMailbox(mailboxId: number, listener: (notice: ChangeNotice) => void): () => void;
  /**
   * Calls after every commit that made, renamed or removed a mailbox of the account, or may have, or changed what it is subscribed
   * to or its annotations.
   */
  watchAccount(account: string, listener: (notice: AccountNotice) => void): () => void;
  /**
   * Calls when something was put into the queue, then with what it was, so that nobody need read it back; and when something
   * came due by command, then with nothing.
   */
  watchSpool(listener: (fresh: readonly QueuedMessage[]) => void): () => void;
}

export interface StoreStats {
  readonly queuedMessages: number;
  readonly queuedRecipients: number;
  readonly commits: number;
  readonly writes: number;
  /** Messages, about, that are not in the full-text index yet; missing where there is none. */
  readonly unindexedBodies?: number;
  /** Seconds that commits took, summed up; the last one alone. */
  readonly commitSeconds: number;
  readonly lastCommitSeconds: number;
  /** What keeps the store from being trusted now, in words for the operator; null, or missing, when all is well. */
  readonly trouble?: string | null;
}

export type { AclEntry, AclStore, SharedMailbox } from "./acl.ts";
export type { Annotation, AnnotationStore } from "./annotations.ts";
export type { HiddenFilter, HiddenMessage, HiddenStore, Restored } from "./hidden.ts";
export type { QuotaLimit, Usage } from "./quota.ts";
export type { SortRequest, ThreadList, ThreadRequest } from "./ordering.ts";
export type {
  AwayNote,
  ScriptInfo,
  ScriptLimits,
  ScriptStore,
  StandingScripts,
  StoredScript,
} from "./scripts.ts";
export type { SearchIndexPort, SearchIndexStatus } from "./search_index.ts";
export type { SearchKey, SearchOptions } from "./search.ts";
export type {
  Fact,
  FactStore,
  NewTraceEvent,
  SpacedFact,
  TraceEvent,
  TracePage,
  TraceStore,
} from "./trace.ts";
