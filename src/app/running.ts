/** What a started server gives to its command: the face between `serve` and the composition root (`wire_up.ts`). */
import type { Endpoint } from "../core/ports.ts";
import type { HoldRule } from "../queue/mod.ts";
import type { SourceStatus } from "../retrieval/mod.ts";
import type {
  AccountRow,
  QueuedMessage,
  QueueFilter,
  ScriptStore,
  SearchIndexStatus,
  Store,
  TraceEvent,
  TracePage,
} from "../store/mod.ts";
import type { SightSnapshot } from "../delivery/filter/mod.ts";
import type { Config } from "./config/mod.ts";
import type { TransferHandlers } from "./transfer/ports.ts";

export interface RunningListener {
  /** Its key under `listen:`, such as `submissions`. */
  readonly name: string;
  /** Where it really listens: with the port that the kernel gave when 0 was asked. */
  readonly endpoint: Endpoint;
}

export interface Running {
  readonly listeners: readonly RunningListener[];
  readonly store: Store;
  /** Takes over what can change without a restart; throws, and changes nothing, when the rest differs. */
  reload(config: Config): Promise<void>;
  readonly control: ControlHandlers;
  /** Resolves when the server cannot go on and must be stopped and started anew; never, as long as all is well. */
  readonly failed: Promise<Error>;
  /** Accepts nothing new, lets running commands finish for at most so long, then closes everything, the store last. */
  stop(graceMs: number): Promise<void>;
}

/** A page of the queue, in the order of the ids. */
export interface QueuePage {
  /** The id after which it begins. */
  readonly after?: string;
  readonly limit?: number;
}

/** From `since` on and before `until`, in milliseconds since 1970. */
export interface TraceSearch {
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
}

export type ScriptHandlers = Pick<
  ScriptStore,
  "list" | "get" | "active" | "put" | "remove" | "activate" | "away" | "setAway"
>;

/**
 * What an operator may do to a data folder. `control/handlers.ts` does it on a store, `control/client.ts` asks the running
 * server to do it; a command need not know which of the two it was given.
 */
export interface ControlHandlers extends TransferHandlers {
  accounts(): Promise<AccountRow[]>;
  ensureAccount(account: string): Promise<void>;
  /** Takes the hash, never the password; null takes the password away. */
  setCredential(account: string, hash: string | null): Promise<void>;
  /** Removes the account with all its mail; false when there was none. */
  removeAccount(account: string): Promise<boolean>;
  queueList(filter: QueueFilter, page: QueuePage): Promise<QueuedMessage[]>;
  queueShow(id: string): Promise<QueuedMessage | null>;
  /** The number of recipients that were made due. */
  queueFlush(filter: QueueFilter): Promise<number>;
  /** Holds or releases; the number of recipients. */
  queueHold(filter: QueueFilter, held: boolean): Promise<number>;
  /** The number of messages. */
  queueDrop(filter: QueueFilter): Promise<number>;
  /** As `queueDrop`, with a report to the senders; only a running server can write one. */
  queueBounce(filter: QueueFilter): Promise<number>;
  holdRules(): Promise<HoldRule[]>;
  addHoldRule(rule: HoldRule): Promise<void>;
  /** False when there was no such rule. */
  removeHoldRule(rule: HoldRule): Promise<boolean>;
  /** A page of a message's events, in the order of time. */
  traceOfMessage(id: string, page: TracePage): Promise<TraceEvent[]>;
  /** A page of a session's events, in the order of time. */
  traceOfSession(id: string, page: TracePage): Promise<TraceEvent[]>;
  /** What began under an address or a Message-ID, the newest first. */
  traceFind(key: string, options: TraceSearch): Promise<TraceEvent[]>;
  /** How far the full-text index is; `off` without a running server. */
  indexStatus(): Promise<SearchIndexStatus>;
  /** Throws the full-text index away; a running server, or the next one, builds it anew. */
  indexRebuild(): Promise<void>;
  /** The Sieve scripts of the accounts, and their away notes. */
  readonly scripts: ScriptHandlers;
  /** What an account's scripts may see of it. */
  sight(account: string): Promise<SightSnapshot>;
  /** How the sources of all accounts do, or of one; only a running server fetches. */
  retrievalStatus(account: string | null): Promise<SourceStatus[]>;
  /** Looks into the sources at once; how many. */
  retrieveNow(account: string | null): Promise<number>;
  /** Keeps the password, or refresh token, of the source of this key (`sourceKey`). */
  setRetrievalSecret(key: string, secret: string): Promise<void>;
}
