/** What a reader can be asked, and its answers as data. */
import type {
  AccountRow,
  ByteRange,
  Fact,
  FlagTable,
  HeaderPick,
  Mailbox,
  QueuedMessage,
  QueueFilter,
  TraceEvent,
  UidRanges,
} from "../mod.ts";
import type { AclEntry } from "../acl.ts";
import type { Annotation } from "../annotations.ts";
import type { HiddenMessage } from "../hidden.ts";
import type { SortRequest, ThreadRequest } from "../ordering.ts";
import type { Usage } from "../quota.ts";
import type { ScriptInfo, StandingScripts, StoredScript } from "../scripts.ts";
import type { SearchKey } from "../search.ts";
import type { Call } from "./call.ts";
import type { PackedDigests, PackedRows, PackedShown } from "./rows.ts";

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
  flagTable: Call<{ mailboxId: number; uids: UidRanges }, Page<FlagTable>>;
  digests: Call<{ mailboxId: number; uids: UidRanges }, Page<PackedDigests>>;
  shown: Call<{ mailboxId: number; uids: UidRanges; texts: boolean; utf8: boolean }, Page<PackedShown>>;
  /** Rows whose (modseq, uid) lies after the pair, in that order; on the last page what vanished, too. */
  changes: Call<
    { mailboxId: number; modseq: number; after: readonly [number, number] | null },
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
