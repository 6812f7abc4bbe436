/**
 * The store on SQLite: one file for mail and queue, `mailden.db` in the data folder.
 *
 * The main thread never opens the database. One writer worker owns all writes, so nothing is ever locked, and commits
 * them in groups (`client/writer.ts` makes the batches, `writer/batch.ts` runs them); a few reader workers answer the reads
 * from the log of the last commit. Both are `store_worker.ts`, the only file named by URL.
 *
 * Invariants:
 * - A write resolves after its transaction is on disk (WAL, synchronous=FULL); after a crash it is there whole or not at all.
 * - On a full disk nothing new is taken, but mail can still be read, deleted and noted as sent: `writer/reserve.ts`.
 * - One program at a time: a lock on `mailden.lock` is held while the store is open.
 * - What takes long is cut into slices: searches, digests of large messages, clearing up after removals.
 */
import { join } from "node:path";
import type { Clock, Live, Log, Random } from "../../core/ports.ts";
import {
  tellDelivered,
  tellingAcl,
  tellingAnnotations,
  tellingHidden,
  tellingMailboxes,
} from "../account_notices.ts";
import { ChangeBus } from "../bus.ts";
import { StoreDamaged } from "../errors.ts";
import { parseFlags } from "../flags.ts";
import {
  type Accepted,
  type AclStore,
  type AnnotationStore,
  type Delivery,
  type DeliveryFact,
  type HiddenStore,
  type LocalDelivery,
  type MailboxStore,
  type Store,
  StoreOpenError,
  type StoreStats,
} from "../mod.ts";
import { accountKey, INBOX } from "../names.ts";
import { NO_INDEX, type SearchIndexPort } from "../search_index.ts";
import { SqliteAcl } from "./client/acl.ts";
import { SqliteAnnotations } from "./client/annotations.ts";
import { SqliteAccounts } from "./client/accounts.ts";
import { SqliteBodies } from "./client/bodies.ts";
import { copyOfBody, FreshBodies, freshMessage } from "./client/fresh.ts";
import { SqliteFacts } from "./client/facts.ts";
import { Janitor } from "./client/janitor.ts";
import { KnownPlaces } from "./client/known_places.ts";
import { Link } from "./client/link.ts";
import { SqliteMailboxes } from "./client/mailboxes.ts";
import { SqliteMessages } from "./client/messages.ts";
import { ReaderPool } from "./client/reader_pool.ts";
import { SqliteHidden } from "./client/hidden.ts";
import { SqliteScripts } from "./client/scripts.ts";
import { SqliteSpool } from "./client/spool.ts";
import { type StageMemory, withBodies } from "./client/stage.ts";
import { SqliteTrace } from "./client/trace.ts";
import { Writer } from "./client/writer.ts";
import { indexAddress, type IndexSettings, removeIndexFiles, SearchIndex } from "./index/mod.ts";
import { lockFolder } from "./lock.ts";
import type { Effects, Start } from "./protocol.ts";
import { WorkerHandle } from "./worker_handle.ts";

export type { IndexSettings } from "./index/mod.ts";

export interface SqliteStoreOptions {
  /** The data folder; it is made if it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Reader workers at most; 2 unless said otherwise. One is there from the start. */
  readonly readers?: number;
  /** How long expunged messages are kept hidden; 0 for not at all. */
  readonly undeleteDays: number;
  /** How long traces are kept; without it nothing is purged but by `TraceStore.purge`. */
  readonly traceDays?: Live<number>;
  /**
   * Called once when a worker has died, or the disk has failed so that nothing can be promised any more. From then on
   * writes, or reads, reject; only a new start helps, so the program should end.
   */
  readonly onFailure?: (error: Error) => void;
  /**
   * Keeps a full-text index; null removes the one that is there. Without it, as for a command that does its work and ends, the
   * index is left alone, and searches read the messages.
   */
  readonly search?: IndexSettings | null;
  /** The size that the database may not exceed; past it a write is refused like on a full disk. */
  readonly maxBytes?: number;
}

const PAGE_BYTES = 4096;
const TOKEN_BYTES = 16;
/** A disk that takes longer for a commit is in trouble. */
const STALLED_MS = 30_000;

/** Opens the store, making or migrating its database. Throws `StoreOpenError` when it cannot be used. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const unlock = lockFolder(options.directory);
  const handles: WorkerHandle[] = [];
  try {
    const path = join(options.directory, "mailden.db");
    const settings = {
      maxPages: options.maxBytes === undefined ? null : Math.ceil(options.maxBytes / PAGE_BYTES),
      keepsExpunged: options.undeleteDays > 0,
    };
    const onNote = (note: string) => options.log.warn("store-note", { note });
    handles.push(await startWorker("store writer", { role: "writer", path, settings }, onNote));
    const token = options.random.bytes(TOKEN_BYTES).join("-");
    const index = options.search ? indexAddress(options.directory, token) : null;
    const startReader = () => startWorker("store reader", { role: "reader", path, index });
    handles.push(await startReader());
    const store = new SqliteStore(options, {
      handles: handles as [WorkerHandle, WorkerHandle],
      startReader,
      unlock,
      path,
      token,
    });
    await store.begin();
    return store;
  } catch (error) {
    for (const handle of handles) handle.terminate();
    unlock();
    throw error;
  }
}

async function startWorker(
  name: string,
  start: Start,
  onNote: (note: string) => void = () => {},
): Promise<WorkerHandle> {
  const handle = new WorkerHandle(name);
  try {
    const started = await handle.start(start);
    if (!started.ok) throw new StoreOpenError(started.reason);
    if (started.note) onNote(started.note);
    return handle;
  } catch (error) {
    handle.terminate();
    throw error;
  }
}

/** What the operator may do where no index is kept: have the old one go. */
function withoutIndex(directory: string): SearchIndexPort {
  return { status: () => NO_INDEX, rebuild: async () => removeIndexFiles(directory) };
}

interface Resources {
  /** The writer and the first reader. */
  readonly handles: readonly [WorkerHandle, WorkerHandle];
  readonly startReader: () => Promise<WorkerHandle>;
  readonly unlock: () => void;
  readonly path: string;
  /** By which searches know an index of this run. */
  readonly token: string;
}

class SqliteStore implements Store {
  readonly accounts: SqliteAccounts;
  readonly mailboxes: MailboxStore;
  readonly messages: SqliteMessages;
  readonly bodies: SqliteBodies;
  readonly spool: SqliteSpool;
  readonly trace: SqliteTrace;
  readonly facts: SqliteFacts;
  readonly acl: AclStore;
  readonly annotations: AnnotationStore;
  readonly scripts: SqliteScripts;
  readonly hidden: HiddenStore;
  readonly bus: ChangeBus;
  readonly #link: Link;
  readonly #fresh = new FreshBodies();
  readonly #janitor: Janitor;
  readonly #index: SearchIndex | null;
  readonly searchIndex: SearchIndexPort;
  readonly #unlock: () => void;
  readonly #writer: Writer;
  readonly #log: Log;
  #trouble: string | null = null;
  #queuedMessages = 0;
  #queuedRecipients = 0;
  #closing: Promise<void> | null = null;

  constructor(options: SqliteStoreOptions, { handles, startReader, unlock, path, token }: Resources) {
    const { clock, log, undeleteDays, traceDays = null } = options;
    const [first, reader] = handles;
    const onError = (error: Error) => this.#noteError(error);
    const watched = (handle: WorkerHandle) => {
      handle.watch((error) => this.#fail(error, options.onFailure));
      return handle;
    };
    const writer = new Writer(first, { clock, onEffects: (effects) => this.#tell(effects), onError });
    this.#writer = writer;
    this.#log = log;
    const memory: StageMemory = { held: 0 };
    this.#janitor = new Janitor({ writer, clock, log, undeleteDays, traceDays });
    this.#link = new Link({
      writer,
      readers: new ReaderPool(reader, {
        most: options.readers ?? 2,
        start: async () => watched(await startReader()),
        clock,
        onError,
        onIndexDamage: (reason) => this.#index?.noteDamage(reason),
      }),
      onUse: () => this.#janitor.tick(),
    });
    this.#unlock = unlock;
    const { directory, search = null } = options;
    this.#index = search === null ? null : new SearchIndex({
      directory,
      path,
      settings: search,
      token,
      clock,
      log,
      start: (start) => startWorker("search indexer", start),
      writes: () => writer.figures.writes,
    });
    this.searchIndex = this.#index ?? withoutIndex(directory);
    if (options.search === null) removeIndexFiles(directory);
    this.bus = new ChangeBus((error) => log.error("store-listener-failed", { error: String(error) }));
    this.scripts = new SqliteScripts(this.#link);
    this.hidden = tellingHidden(new SqliteHidden(this.#link), this.bus);
    const places = new KnownPlaces();
    this.accounts = new SqliteAccounts(this.#link, (account) => {
      places.forget();
      this.scripts.forget(account);
    });
    this.mailboxes = tellingMailboxes(new SqliteMailboxes(this.#link, places), this.bus);
    this.messages = new SqliteMessages(this.#link);
    this.bodies = new SqliteBodies({ link: this.#link, memory, fresh: this.#fresh });
    this.spool = new SqliteSpool(this.#link, this.#fresh);
    this.trace = new SqliteTrace(this.#link);
    this.facts = new SqliteFacts({ link: this.#link, clock });
    this.acl = tellingAcl(new SqliteAcl(this.#link), this.bus);
    this.annotations = tellingAnnotations(new SqliteAnnotations(this.#link), this.bus, this.mailboxes);
    for (const handle of handles) watched(handle);
  }

  /** Takes up what the last run left. */
  async begin(): Promise<void> {
    await this.#link.write("abandonStaged", {});
    while (await this.#link.write("takeBackCopy", { underway: null }));
    const { messages, recipients } = await this.#link.read("countSpool", {});
    this.#queuedMessages += messages;
    this.#queuedRecipients += recipients;
    this.#index?.begin();
  }

  accept(delivery: Delivery): Promise<Accepted> {
    return this.#link.task(async () => {
      const local = delivery.local.map(targetOf);
      const versions = (delivery.edited ?? []).filter((version) => version.local.length > 0);
      const { id, receivedAt, queued } = delivery;
      const size = delivery.body.size;
      const leaves = queued !== null && queued.recipients.length > 0;
      let copy: Uint8Array | null = null;
      const bodies = [delivery.body, ...versions.map(({ body }) => body)];
      const { bodyId, full } = await withBodies(bodies, ([body, ...others], cargo) => {
        if (leaves) copy = copyOfBody(body!);
        const edited = others.map((other, place) => ({
          body: other,
          local: versions[place]!.local.map(targetOf),
        }));
        const facts = (delivery.facts ?? []).map(factOf);
        const given = { id, body: body!, receivedAt, local, edited, queued, facts };
        return this.#link.writer.do("accept", given, cargo);
      });
      tellDelivered(this.bus, delivery);
      if (!leaves || bodyId === null) return { full };
      if (copy !== null) this.#fresh.put(id, bodyId, copy);
      this.bus.tellSpool([freshMessage(queued, { id, bodyId, size, queuedAt: receivedAt })]);
      return { full };
    });
  }

  stats(): StoreStats {
    return {
      queuedMessages: this.#queuedMessages,
      queuedRecipients: this.#queuedRecipients,
      ...this.#writer.figures,
      unindexedBodies: this.#index?.unindexed ?? 0,
      trouble: this.#trouble ?? this.#stall(),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#link.seal();
    await this.#janitor.stop();
    await this.#index?.close();
    try {
      // The readers first: the writer's last checkpoint then empties the log.
      await this.#link.readers.close();
      await this.#link.writer.close();
    } finally {
      this.#unlock();
    }
  }

  #stall(): string | null {
    const { waitingMs } = this.#writer;
    if (waitingMs < STALLED_MS) return null;
    return `The disk has not answered for ${Math.round(waitingMs / 1000)} seconds`;
  }

  #fail(error: Error, onFailure: SqliteStoreOptions["onFailure"]): void {
    this.#trouble = error.message;
    this.#log.error("store-failed", { error: error.message });
    onFailure?.(error);
  }

  /** Damage may be in one place only, so the rest goes on; but the operator must hear of it. */
  #noteError(error: Error): void {
    if (!(error instanceof StoreDamaged) || this.#trouble !== null) return;
    this.#trouble = error.message;
    this.#log.error("store-damaged", { error: error.message });
  }

  #tell(effects: Effects): void {
    this.#queuedMessages += effects.queuedMessages;
    this.#queuedRecipients += effects.queuedRecipients;
    for (const [mailboxId, highestModseq] of effects.mailboxes) {
      this.bus.tellMailbox({ mailboxId, highestModseq });
    }
    if (effects.spoolTouched) this.bus.tellSpool();
    if (effects.litter) this.#janitor.wake();
    this.#index?.noteBodies(effects.bodies);
  }
}

function targetOf({ account, mailbox = INBOX, flags = [], quota }: LocalDelivery) {
  return { account: accountKey(account), mailbox, ...parseFlags(flags), quota: quota ?? null };
}

function factOf(fact: DeliveryFact): DeliveryFact {
  return fact.account === undefined ? fact : { ...fact, account: accountKey(fact.account) };
}
