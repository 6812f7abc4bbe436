/**
 * What the main thread and the workers say to each other. Everything here is plain data; buffers are transferred.
 */
import type {
  DeliveryFact,
  Fact,
  FlagChange,
  KeptFlags,
  Mailbox,
  MailboxRole,
  NewQueueEntry,
  Postponement,
  QueueFilter,
  RecipientUpdate,
  UidRanges,
} from "../mod.ts";
import type { AnnotationChange, AnnotationLimits } from "../annotations.ts";
import type { Restored } from "../hidden.ts";
import type { QuotaLimit } from "../quota.ts";
import type { ScriptLimits } from "../scripts.ts";
import type { Call } from "./call.ts";
import type { IndexAddress } from "./index/lookup.ts";
import type { IndexerSettings } from "./index/orders.ts";
import type { ReadKind, Reads } from "./reads.ts";
import type { PackedRows } from "./rows.ts";

/** Bytes in a chunk of a body; only the last one is shorter. */
export const CHUNK_BYTES = 64 * 1024;
/** How many chunk ids belong to one body. */
export const CHUNKS_PER_BODY = 65536;

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
  }
  /** By `storeStaged`. */
  | { readonly kind: "stored"; readonly bodyId: number };

/** A message that is to be appended. */
export interface NewMessageArgument {
  readonly mailboxId: number;
  readonly body: BodyArgument;
  readonly bits: number;
  readonly keywords: string;
  readonly internalDate: number;
  readonly quota: QuotaLimit | null;
  readonly keywordLimit: number | null;
}

/** What one write of a long change did: its caller goes on from `next`, until that is null. */
interface Slice {
  readonly next: number | null;
}

export interface TransferSlice extends Slice {
  readonly uidValidity: number;
  readonly from: Uint32Array;
  /** The new UIDs begin here and go up by one. */
  readonly firstTo: number;
  /** The highest UID of the source that is meant. */
  readonly lastUid: number;
  /** What the next slice of the same copy must name. */
  readonly underway: number | null;
}

/** A recipient in the queue. */
export type SpoolPlace = readonly [messageId: string, place: number];

export interface LocalTarget {
  readonly account: string;
  readonly mailbox: string;
  readonly bits: number;
  readonly keywords: string;
  readonly quota: QuotaLimit | null;
}

export interface Writes {
  ensureAccount: Call<{ account: string }, void>;
  setCredential: Call<{ account: string; hash: string | null }, void>;
  removeAccount: Call<{ account: string }, boolean>;
  createMailbox: Call<{ account: string; name: string; role: MailboxRole | null | undefined }, Mailbox>;
  /** Of INBOX the messages are still to be moved, between these mailboxes. */
  renameMailbox: Call<
    { account: string; from: string; to: string },
    { readonly from: number; readonly to: number } | null
  >;
  removeMailbox: Call<{ account: string; name: string }, void>;
  subscribe: Call<{ account: string; name: string; on: boolean }, void>;
  accept: Call<
    {
      id: string;
      body: BodyArgument;
      receivedAt: number;
      local: readonly LocalTarget[];
      edited: readonly { readonly body: BodyArgument; readonly local: readonly LocalTarget[] }[];
      queued: NewQueueEntry | null;
      facts: readonly DeliveryFact[];
    },
    /** The body's id, null when nobody was to have it; and the accounts that had no room. */
    { readonly bodyId: number | null; readonly full: readonly string[] }
  >;
  append: Call<{ messages: readonly NewMessageArgument[] }, { uid: number; uidValidity: number }[]>;
  replace: Call<
    { source: number; uid: number; message: NewMessageArgument },
    { uid: number; uidValidity: number }
  >;
  setAcl: Call<{ mailboxId: number; identifier: string; rights: string }, void>;
  setAnnotations: Call<
    {
      account: string;
      mailboxId: number | null;
      changes: readonly AnnotationChange[];
      limits: AnnotationLimits;
    },
    void
  >;
  putScript: Call<{ account: string; name: string; text: string; limits: ScriptLimits | null }, void>;
  removeScript: Call<{ account: string; name: string }, void>;
  renameScript: Call<{ account: string; from: string; to: string }, void>;
  activateScript: Call<{ account: string; name: string | null }, void>;
  claimRecent: Call<{ mailboxId: number }, number>;
  setFlags: Call<
    {
      mailboxId: number;
      uids: UidRanges;
      change: FlagChange;
      unchangedSince: number | null;
      keywordLimit: number | null;
    },
    Slice & { readonly rows: PackedRows; readonly modified: readonly number[] }
  >;
  expunge: Call<
    { mailboxId: number; uids: UidRanges; any: boolean },
    Slice & { readonly uids: Uint32Array }
  >;
  copy: Call<
    {
      mailboxId: number;
      uids: UidRanges;
      toMailboxId: number;
      move: boolean;
      quota: QuotaLimit | null;
      /** Null for all flags. */
      keeps: KeptFlags | null;
      keywordLimit: number | null;
      /** No ranges come after these. */
      isLast: boolean;
      underway: number | null;
    },
    TransferSlice
  >;
  /** One slice of a copy, or with null of any; true when there may be more. */
  takeBackCopy: Call<{ underway: number | null }, boolean>;
  /** Stores a whole body before the write that uses it; the result is its id. */
  storeStaged: Call<{ body: BodyArgument }, number>;
  /** Stages one chunk; with no body id it begins a body. The result is the body's id. */
  stageChunk: Call<{ bodyId: number | null; place: number; data: Uint8Array }, number>;
  discardBody: Call<{ bodyId: number }, void>;
  /** What was being staged when the program last ended belongs to nobody. */
  abandonStaged: Call<Record<never, never>, void>;
  settle: Call<{ id: string; updates: readonly RecipientUpdate[] }, void>;
  /** One slice, of the recipients behind the place named; where the next one begins, null at the end. */
  postponeSpool: Call<
    { what: Postponement; after: SpoolPlace | null },
    { count: number; next: SpoolPlace | null }
  >;
  flushSpool: Call<{ filter: QueueFilter; now: number }, number>;
  holdSpool: Call<{ filter: QueueFilter; held: boolean }, number>;
  dropSpool: Call<{ filter: QueueFilter }, number>;
  /** `packTrace`'s text. */
  recordTrace: Call<{ events: string }, void>;
  purgeTrace: Call<{ before: number; limit: number }, number>;
  putFact: Call<{ space: string; fact: Fact }, void>;
  addToFact: Call<{ space: string; key: string; by: number; expiresAt: number }, number>;
  removeFact: Call<{ space: string; key: string }, void>;
  /** One slice of what fits, of the ids after the one named. */
  restoreHidden: Call<
    { account: string; since: number; mailbox: string | null; after: number },
    Slice & { readonly restored: readonly Restored[] }
  >;
  /** One slice of hiding what lay in removed mailboxes; true when there may be more. */
  emptyRemoved: Call<Record<never, never>, boolean>;
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
  /** Bodies that mailboxes or the queue have now, and did not have before. */
  readonly bodies: number;
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

export type {
  BodyPieces,
  ChangePage,
  ManyBodies,
  PackedParts,
  PackedThreads,
  PackedView,
  Page,
  ReadKind,
  Reads,
} from "./reads.ts";

export type ReadRequest = {
  [K in ReadKind]: { readonly request: number; readonly kind: K; readonly args: Reads[K]["args"] };
}[ReadKind];

/** How far a long read has come. */
export interface ReadProgress {
  readonly request: number;
  readonly done: number;
  readonly total: number;
}

export type ReadReply =
  | { readonly request: number; readonly ok: true; readonly value: unknown }
  | { readonly request: number; readonly ok: false; readonly error: PackedError };

// ---- Both ----

/** Says what the worker is; its first message. */
export type Start =
  | { readonly role: "writer"; readonly path: string; readonly settings: WriterSettings }
  | { readonly role: "reader"; readonly path: string; readonly index: IndexAddress | null }
  | { readonly role: "indexer"; readonly path: string; readonly settings: IndexerSettings };

export type Started =
  /** The note is for the operator. */
  | { readonly ok: true; readonly note?: string | null }
  | { readonly ok: false; readonly reason: string };

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

/** A reader has found the full-text index damaged; nobody asked. */
export interface IndexDamage {
  readonly indexDamage: string;
}

/** An error as data. */
export type PackedError =
  | { readonly kind: "noSuchMailbox" | "noSuchMessage" | "mailboxExists" }
  | { readonly kind: "noSuchScript" | "scriptExists" | "scriptIsActive" }
  | { readonly kind: "full" | "damaged"; readonly reason: string }
  | {
    readonly kind: "refusal";
    readonly code: number;
    readonly enhanced: string | null;
    readonly text: string;
    readonly reason: string | null;
  }
  | { readonly kind: "fault"; readonly message: string };
