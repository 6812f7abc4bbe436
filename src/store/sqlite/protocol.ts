/**
 * What the main thread and the workers say to each other. Everything here is plain data; buffers are transferred.
 */
import type { Fact, NewQueueEntry, QueuedMessage, QueueFilter, RecipientUpdate, TraceEvent } from "../mod.ts";
import type { AccountRow, ByteRange, FlagChange, Mailbox, MailboxRole, UidCopy, UidRanges } from "../mod.ts";
import type { SearchKey } from "../search.ts";
import type { PackedDigests, PackedRows } from "./rows.ts";

/** Bytes in a chunk of a body; only the last one is shorter. */
export const CHUNK_BYTES = 64 * 1024;
/** How many chunk ids belong to one body. */
export const CHUNKS_PER_BODY = 65536;

interface Call<Args, Result> {
  readonly args: Args;
  readonly result: Result;
}

// ---- To the writer ----

/** A body on its way into the store. */
export type BodyArgument =
  | { readonly kind: "inline"; readonly prefix: Uint8Array; readonly chunks: readonly Uint8Array[] }
  | {
    readonly kind: "staged";
    readonly bodyId: number;
    readonly prefix: Uint8Array;
    /** Bytes in the chunks. */
    readonly length: number;
    /** JSON. */
    readonly digest: string;
  };

export interface LocalTarget {
  readonly account: string;
  readonly mailbox: string;
  readonly bits: number;
  readonly keywords: string;
}

export interface Writes {
  ensureAccount: Call<{ account: string }, void>;
  setCredential: Call<{ account: string; hash: string | null }, void>;
  removeAccount: Call<{ account: string }, boolean>;
  createMailbox: Call<{ account: string; name: string; role: MailboxRole | null | undefined }, Mailbox>;
  renameMailbox: Call<{ account: string; from: string; to: string }, void>;
  removeMailbox: Call<{ account: string; name: string }, void>;
  subscribe: Call<{ account: string; name: string; on: boolean }, void>;
  accept: Call<
    {
      id: string;
      body: BodyArgument;
      receivedAt: number;
      local: readonly LocalTarget[];
      queued: NewQueueEntry | null;
    },
    /** The body's id; null when nobody was to have it. */
    number | null
  >;
  append: Call<
    { mailboxId: number; body: BodyArgument; bits: number; keywords: string; internalDate: number },
    { uid: number; uidValidity: number }
  >;
  claimRecent: Call<{ mailboxId: number }, number>;
  setFlags: Call<
    { mailboxId: number; uids: UidRanges; change: FlagChange; unchangedSince: number | null },
    { rows: PackedRows; modified: readonly number[] }
  >;
  expunge: Call<{ mailboxId: number; uids: UidRanges; any: boolean }, readonly number[]>;
  copy: Call<{ mailboxId: number; uids: UidRanges; toMailboxId: number; move: boolean }, UidCopy>;
  /** Stages one chunk; with no body id it begins a body. The result is the body's id. */
  stageChunk: Call<{ bodyId: number | null; place: number; data: Uint8Array }, number>;
  discardBody: Call<{ bodyId: number }, void>;
  /** What was being staged when the program last ended belongs to nobody. */
  abandonStaged: Call<Record<never, never>, void>;
  settle: Call<{ id: string; updates: readonly RecipientUpdate[] }, void>;
  flushSpool: Call<{ filter: QueueFilter; now: number }, number>;
  holdSpool: Call<{ filter: QueueFilter; held: boolean }, number>;
  dropSpool: Call<{ filter: QueueFilter }, number>;
  /** `packTrace`'s text. */
  recordTrace: Call<{ events: string }, void>;
  purgeTrace: Call<{ before: number; limit: number }, number>;
  putFact: Call<{ space: string; fact: Fact }, void>;
  addToFact: Call<{ space: string; key: string; by: number; expiresAt: number }, number>;
  removeFact: Call<{ space: string; key: string }, void>;
  /**
   * One slice of clearing up; true when there is more. What was hidden before `purgeBefore` goes for good, and so does what was
   * traced before `traceBefore` (null: nothing).
   */
  sweep: Call<{ purgeBefore: number; traceBefore: number | null }, boolean>;
}

export type WriteKind = keyof Writes;

export type Write = { [K in WriteKind]: { readonly kind: K; readonly args: Writes[K]["args"] } }[WriteKind];

export interface WriterSettings {
  /** The pages that the database may have; null for no limit. */
  readonly maxPages: number | null;
  /** Whether expunged messages are hidden first. */
  readonly keepsExpunged: boolean;
}

export interface Batch {
  readonly batch: number;
  /** The time that all its writes bear. */
  readonly now: number;
  readonly writes: readonly Write[];
}

export type WriteOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: PackedError };

/** What a batch changed that others want to know. */
export interface Effects {
  /** Mailboxes with their new modseq. */
  readonly mailboxes: readonly (readonly [mailboxId: number, modseq: number])[];
  readonly spoolTouched: boolean;
  readonly queuedMessages: number;
  readonly queuedRecipients: number;
  /** There is something to sweep. */
  readonly litter: boolean;
}

export interface BatchReply {
  readonly batch: number;
  readonly outcomes: readonly WriteOutcome[];
  readonly effects: Effects;
  readonly commits: number;
  readonly commitSeconds: number;
  readonly lastCommitSeconds: number;
}

// ---- To a reader ----

export interface Reads {
  listAccounts: Call<Record<never, never>, AccountRow[]>;
  credential: Call<{ account: string }, string | null>;
  listMailboxes: Call<{ account: string }, Mailbox[]>;
  mailboxByName: Call<{ account: string; name: string }, Mailbox | null>;
  mailboxById: Call<{ mailboxId: number }, Mailbox | null>;
  subscriptions: Call<{ account: string }, string[]>;
  view: Call<{ mailboxId: number }, PackedView | null>;
  rows: Call<{ mailboxId: number; uids: UidRanges }, Page<PackedRows>>;
  digests: Call<{ mailboxId: number; uids: UidRanges }, Page<PackedDigests>>;
  /** Rows whose (modseq, uid) lies after the pair, in that order; on the first page what vanished, too. */
  changes: Call<{ mailboxId: number; modseq: number; after: readonly [number, number] | null }, ChangePage>;
  search: Call<{ mailboxId: number; key: SearchKey }, Uint32Array<ArrayBuffer>>;
  body: Call<{ bodyId: number; range: ByteRange }, BodyPieces>;
  /** The digest (JSON) of a staged body under a prefix. */
  digestBody: Call<{ bodyId: number; prefix: Uint8Array; length: number }, string>;
  dueSpool: Call<{ now: number; limit: number }, QueuedMessage[]>;
  nextDue: Call<Record<never, never>, number | null>;
  listSpool: Call<{ filter: QueueFilter; after: string; limit: number }, QueuedMessage[]>;
  spoolMessage: Call<{ id: string }, QueuedMessage | null>;
  countSpool: Call<Record<never, never>, { messages: number; recipients: number }>;
  traceOf: Call<{ by: "message" | "session"; id: string; offset: number; limit: number }, TraceEvent[]>;
  findTrace: Call<{ key: string; since: number; until: number; limit: number }, TraceEvent[]>;
  fact: Call<{ space: string; key: string; now: number }, Fact | null>;
  listFacts: Call<{ space: string; now: number; after: string | null; limit: number }, Fact[]>;
}

export type ReadKind = keyof Reads;

export interface PackedView {
  readonly mailbox: Mailbox;
  readonly uids: Uint32Array<ArrayBuffer>;
  readonly firstUnseenUid: number | null;
  readonly keywords: readonly string[];
}

/** One page of a longer answer, and the UID to go on from; null at the end. */
export interface Page<T> {
  readonly rows: T;
  readonly nextUid: number | null;
}

export interface ChangePage {
  readonly highestModseq: number;
  readonly uidNext: number;
  readonly rows: PackedRows;
  readonly vanished: Uint32Array<ArrayBuffer>;
  readonly next: readonly [modseq: number, uid: number] | null;
}

export interface BodyPieces {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** Where to go on; null at the end of the range. */
  readonly next: number | null;
}

export type ReadRequest = {
  [K in ReadKind]: { readonly request: number; readonly kind: K; readonly args: Reads[K]["args"] };
}[ReadKind];

export type ReadReply =
  | { readonly request: number; readonly ok: true; readonly value: unknown }
  | { readonly request: number; readonly ok: false; readonly error: PackedError };

// ---- Both ----

/** Says what the worker is; its first message. */
export type Start =
  | { readonly role: "writer"; readonly path: string; readonly settings: WriterSettings }
  | { readonly role: "reader"; readonly path: string };

export type Started = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Asks a worker to close its database; it answers with `Closed` and is then ended. */
export interface Close {
  readonly close: true;
}

export interface Closed {
  readonly closed: true;
}

/** Asks a reader to give up a request. */
export interface Cancel {
  readonly cancel: number;
}

/** An error as data. */
export type PackedError =
  | { readonly kind: "noSuchMailbox" | "mailboxExists" }
  | { readonly kind: "full" | "damaged"; readonly reason: string }
  | {
    readonly kind: "refusal";
    readonly code: number;
    readonly enhanced: string | null;
    readonly text: string;
    readonly reason: string | null;
  }
  | { readonly kind: "fault"; readonly message: string };
