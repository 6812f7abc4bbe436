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
import { ChangeBus } from "../bus.ts";
import { StoreDamaged } from "../errors.ts";
import { parseFlags } from "../flags.ts";
import { type Delivery, type Store, StoreOpenError, type StoreStats } from "../mod.ts";
import { accountKey, INBOX } from "../names.ts";
import { SqliteAccounts } from "./client/accounts.ts";
import { SqliteBodies } from "./client/bodies.ts";
import { copyOfBody, FreshBodies, freshMessage } from "./client/fresh.ts";
import { SqliteFacts } from "./client/facts.ts";
import { Janitor } from "./client/janitor.ts";
import { Link } from "./client/link.ts";
import { SqliteMailboxes } from "./client/mailboxes.ts";
import { SqliteMessages } from "./client/messages.ts";
import { ReaderPool } from "./client/reader_pool.ts";
import { SqliteSpool } from "./client/spool.ts";
import { type StageMemory, withBody } from "./client/stage.ts";
import { SqliteTrace } from "./client/trace.ts";
import { Writer } from "./client/writer.ts";
import { lockFolder } from "./lock.ts";
import type { Effects, Start } from "./protocol.ts";
import { WorkerHandle } from "./worker_handle.ts";

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
  /** The size that the database may not exceed; past it a write is refused like on a full disk. */
  readonly maxBytes?: number;
}

const PAGE_BYTES = 4096;
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
    handles.push(await startWorker("store writer", { role: "writer", path, settings }));
    const startReader = () => startWorker("store reader", { role: "reader", path });
    handles.push(await startReader());
    const store = new SqliteStore(options, {
      handles: handles as [WorkerHandle, WorkerHandle],
      startReader,
      unlock,
    });
    await store.begin();
    return store;
  } catch (error) {
    for (const handle of handles) handle.terminate();
    unlock();
    throw error;
  }
}

async function startWorker(name: string, start: Start): Promise<WorkerHandle> {
  const handle = new WorkerHandle(name);
  try {
    const started = await handle.start(start);
    if (!started.ok) throw new StoreOpenError(started.reason);
    return handle;
  } catch (error) {
    handle.terminate();
    throw error;
  }
}

interface Resources {
  /** The writer and the first reader. */
  readonly handles: readonly [WorkerHandle, WorkerHandle];
  readonly startReader: () => Promise<WorkerHandle>;
  readonly unlock: () => void;
}

class SqliteStore implements Store {
  readonly accounts: SqliteAccounts;
  readonly mailboxes: SqliteMailboxes;
  readonly messages: SqliteMessages;
  readonly bodies: SqliteBodies;
  readonly spool: SqliteSpool;
  readonly trace: SqliteTrace;
  readonly facts: SqliteFacts;
  readonly bus: ChangeBus;
  readonly #link: Link;
  readonly #fresh = new FreshBodies();
  readonly #janitor: Janitor;
  readonly #unlock: () => void;
  readonly #writer: Writer;
  readonly #log: Log;
  #trouble: string | null = null;
  #queuedMessages = 0;
  #queuedRecipients = 0;
  #closing: Promise<void> | null = null;

  constructor(options: SqliteStoreOptions, { handles, startReader, unlock }: Resources) {
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
      }),
      onUse: () => this.#janitor.tick(),
    });
    this.#unlock = unlock;
    this.accounts = new SqliteAccounts(this.#link);
    this.mailboxes = new SqliteMailboxes(this.#link);
    this.messages = new SqliteMessages(this.#link);
    this.bodies = new SqliteBodies({ link: this.#link, memory, fresh: this.#fresh });
    this.spool = new SqliteSpool(this.#link, this.#fresh);
    this.trace = new SqliteTrace(this.#link);
    this.facts = new SqliteFacts({ link: this.#link, clock });
    this.bus = new ChangeBus((error) => log.error("store-listener-failed", { error: String(error) }));
    for (const handle of handles) watched(handle);
  }

  /** Takes up what the last run left. */
  async begin(): Promise<void> {
    await this.#link.write("abandonStaged", {});
    const { messages, recipients } = await this.#link.read("countSpool", {});
    this.#queuedMessages += messages;
    this.#queuedRecipients += recipients;
  }

  accept(delivery: Delivery): Promise<void> {
    return this.#link.task(async () => {
      const local = delivery.local.map(({ account, mailbox, flags }) => ({
        account: accountKey(account),
        mailbox: mailbox ?? INBOX,
        ...parseFlags(flags ?? []),
      }));
      const { id, receivedAt, queued } = delivery;
      const size = delivery.body.size;
      const leaves = queued !== null && queued.recipients.length > 0;
      let copy: Uint8Array | null = null;
      const bodyId = await withBody(delivery.body, (body, cargo) => {
        if (leaves) copy = copyOfBody(body);
        return this.#link.writer.do("accept", { id, body, receivedAt, local, queued }, cargo);
      });
      if (!leaves || bodyId === null) return;
      if (copy !== null) this.#fresh.put(id, bodyId, copy);
      this.bus.tellSpool([freshMessage(queued, { id, bodyId, size, queuedAt: receivedAt })]);
    });
  }

  stats(): StoreStats {
    return {
      queuedMessages: this.#queuedMessages,
      queuedRecipients: this.#queuedRecipients,
      ...this.#writer.figures,
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
  }
}
