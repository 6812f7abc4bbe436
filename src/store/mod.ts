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
import type { AccountStore } from "./accounts.ts";
import type { AclStore } from "./acl.ts";
import type { AnnotationStore } from "./annotations.ts";
import type { BodyStore } from "./bodies.ts";
import type { Bus } from "./bus_port.ts";
import type { Accepted, Delivery } from "./delivery.ts";
import type { HiddenStore } from "./hidden.ts";
import type { MailboxStore } from "./mailboxes.ts";
import type { MessageStore } from "./messages.ts";
import type { ScriptStore } from "./scripts.ts";
import type { SearchIndexPort } from "./search_index.ts";
import type { SpoolStore } from "./spool.ts";
import type { FactStore, TraceStore } from "./trace.ts";

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
  /**
   * Makes a message durable for all its recipients in one commit, but for those whose quota leaves no room for it. When nobody else
   * is to have it, it rejects with 452 4.2.2.
   */
  accept(delivery: Delivery): Promise<Accepted>;
  /** Figures for /metrics. */
  stats(): StoreStats;
  /** Finishes what was begun and closes; later calls reject. */
  close(): Promise<void>;
}

/** The database cannot be used; `message` says what was found and what to do. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
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

export type { AccountRow, AccountStore } from "./accounts.ts";
export type { AclEntry, AclStore, SharedMailbox } from "./acl.ts";
export type { Annotation, AnnotationStore } from "./annotations.ts";
export type { BodyPart, BodyStage, BodyStore, ByteRange, HeaderPick, StagedBody } from "./bodies.ts";
export type { AccountNotice, Bus, ChangeNotice } from "./bus_port.ts";
export type { Accepted, Delivery, DeliveryFact, LocalDelivery } from "./delivery.ts";
export type { HiddenFilter, HiddenMessage, HiddenStore, Restored } from "./hidden.ts";
export type { Mailbox, MailboxPlace, MailboxRole, MailboxStore } from "./mailboxes.ts";
export { checkedName, normalizeName } from "./names.ts";
export type {
  Appended,
  AppendRequest,
  Changes,
  ChangesOptions,
  FlagChange,
  FlagOptions,
  FlagTable,
  KeptFlags,
  MailboxView,
  MessageRow,
  MessageRowWithDigest,
  MessageStore,
  ReplaceRequest,
  ShownOptions,
  ShownRow,
  TransferOptions,
  UidCopy,
  UidRanges,
} from "./messages.ts";
export type { SortRequest, ThreadList, ThreadRequest } from "./ordering.ts";
export type { QuotaLimit, Usage } from "./quota.ts";
export type {
  AwayNote,
  ScriptInfo,
  ScriptLimits,
  ScriptStore,
  StandingScripts,
  StoredScript,
} from "./scripts.ts";
export type { SearchKey, SearchOptions } from "./search.ts";
export type { SearchIndexPort, SearchIndexStatus } from "./search_index.ts";
export type {
  NewQueueEntry,
  Postponement,
  QueuedMessage,
  QueuedRecipient,
  QueueFilter,
  RecipientUpdate,
  SenderWishes,
  SpoolStore,
} from "./spool.ts";
export type {
  Fact,
  FactStore,
  NewTraceEvent,
  SpacedFact,
  TraceEvent,
  TracePage,
  TraceStore,
} from "./trace.ts";
