/**
 * What the main thread and the workers say to each other. Everything here is plain data; buffers are transferred.
 */
import type {
  Fact,
  NewQueueEntry,
  Postponement,
  QueuedMessage,
  QueueFilter,
  RecipientUpdate,
  SpacedFact,
} from "../mod.ts";
import type { TraceEvent } from "../mod.ts";
import type { AclEntry } from "../acl.ts";
import type { Annotation, AnnotationChange, AnnotationLimits } from "../annotations.ts";
import type { HiddenMessage, Restored } from "../hidden.ts";
import type { QuotaLimit, Usage } from "../quota.ts";
import type {
  AccountRow,
  ByteRange,
  FlagChange,
  HeaderPick,
  KeptFlags,
  Mailbox,
  MailboxRole,
  UidRanges,
} from "../mod.ts";
import type { SortRequest, ThreadRequest } from "../ordering.ts";
import type { ScriptInfo, ScriptLimits, StandingScripts, StoredScript } from "../scripts.ts";
import type { SearchKey } from "../search.ts";
import type { IndexAddress } from "./index/lookup.ts";
import type { IndexerSettings } from "./index/orders.ts";
import type { PackedDigests, PackedRows, PackedShown } from "./rows.ts";

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
      facts: readonly SpacedFact[];
    },
    /** The body's id; null when nobody was to have it. */
    number | null
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
    { mailboxId: number; uids: UidRanges; change: FlagChange; unchangedSince: number | null },
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

export interface Reads {
  listAccounts: Call<Record<never, never>, AccountRow[]>;
  credential: Call<{ account: string }, string | null>;
  listMailboxes: Call<{ account: string }, Mailbox[]>;
  mailboxByName: Call<{ account: string; name: string }, Mailbox | null>;
  mailboxById: Call<{ mailboxId: number }, Mailbox | null>;
  subscriptions: Call<{ account: string }, string[]>;
  usage: Call<{ account: string }, Usage>;
  listAcl: Call<{ mailboxId: number }, AclEntry[]>;
  sharedWith: Call<
    { account: string; identifiers: readonly string[] },
    { mailbox: Mailbox; entry: AclEntry }[]
  >;
  listAnnotations: Call<{ account: string; mailboxId: number | null }, Annotation[]>;
  view: Call<{ mailboxId: number }, PackedView | null>;
  rows: Call<{ mailboxId: number; uids: UidRanges }, Page<PackedRows>>;
  digests: Call<{ mailboxId: number; uids: UidRanges }, Page<PackedDigests>>;
  shown: Call<{ mailboxId: number; uids: UidRanges; texts: boolean; utf8: boolean }, Page<PackedShown>>;
  /** Rows whose (modseq, uid) lies after the pair, in that order; on the first page what vanished, too. */
  changes: Call<
    {
      mailboxId: number;
      modseq: number;
      after: readonly [number, number] | null;
      vanishedOnly: boolean;
    },
    ChangePage
  >;
  search: Call<{ mailboxId: number; key: SearchKey }, Uint32Array<ArrayBuffer>>;
  /** UIDs in the order asked for. */
  sort: Call<{ mailboxId: number; request: SortRequest }, Uint32Array<ArrayBuffer>>;
  thread: Call<{ mailboxId: number; request: ThreadRequest }, PackedThreads>;
  body: Call<{ bodyId: number; range: ByteRange }, BodyPieces>;
  bodies: Call<{ reads: readonly { readonly bodyId: number; readonly range: ByteRange }[] }, ManyBodies>;
  /** Each of `reads` is three numbers: the body, where the part begins and where it ends. */
  bodyParts: Call<{ reads: Float64Array; pick: HeaderPick | null }, PackedParts>;
  listScripts: Call<{ account: string }, ScriptInfo[]>;
  /** By name; with null the active one. */
  script: Call<{ account: string; name: string | null }, StoredScript | null>;
  standingScripts: Call<{ account: string }, StandingScripts>;
  /** A chunk of a body that is being staged. */
  stagedChunk: Call<{ bodyId: number; place: number }, Uint8Array<ArrayBuffer>>;
  /** The digest (JSON) of a staged body under a prefix. */
  digestBody: Call<{ bodyId: number; prefix: Uint8Array; length: number }, string>;
  dueSpool: Call<{ now: number; limit: number }, QueuedMessage[]>;
  nextDue: Call<Record<never, never>, number | null>;
  listSpool: Call<{ filter: QueueFilter; after: string; limit: number }, QueuedMessage[]>;
  spoolMessage: Call<{ id: string }, QueuedMessage | null>;
  countSpool: Call<Record<never, never>, { messages: number; recipients: number }>;
  traceOf: Call<{ by: "message" | "session"; id: string; offset: number; limit: number }, TraceEvent[]>;
  findTrace: Call<{ key: string; since: number; until: number; limit: number }, TraceEvent[]>;
  listHidden: Call<
    { account: string; since: number; mailbox: string | null; after: number; limit: number },
    HiddenMessage[]
  >;
  fact: Call<{ space: string; key: string; now: number }, Fact | null>;
  listFacts: Call<{ space: string; now: number; after: string | null; limit: number }, Fact[]>;
}

export type ReadKind = keyof Reads;

/** `ThreadList`. */
export interface PackedThreads {
  readonly uids: Uint32Array<ArrayBuffer>;
  readonly depths: Uint32Array<ArrayBuffer>;
}

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
  readonly vanishedComplete: boolean;
  readonly next: readonly [modseq: number, uid: number] | null;
}

/** What `body` would give for each, all in one buffer: with one for each piece, handing them over costs more than reading them. */
export interface ManyBodies {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the pieces, which lie one behind the other. */
  readonly lengths: readonly number[];
  /** How many of the pieces belong to each; -1 for a body that could not be read. */
  readonly counts: readonly number[];
  readonly next: readonly (number | null)[];
}

/** Small parts of bodies, one behind the other. */
export interface PackedParts {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** -1 for one that could not be read. */
  readonly sizes: Float64Array<ArrayBuffer>;
}

export interface BodyPieces {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** Where to go on; null at the end of the range. */
  readonly next: number | null;
}

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
