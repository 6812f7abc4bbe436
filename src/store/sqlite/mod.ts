/**
 * The store on SQLite: one file for mail and queue, `mailden.db` in the data folder.
 *
 * The main thread never opens the database. One writer worker owns all writes, so nothing is ever locked, and commits
 * them in groups (`client/writer.ts` makes the batches, `writer/batch.ts` runs them); a few reader workers answer the reads
 * from the log of the last commit. Both are `store_worker.ts`, the only file named by URL.
 *
 * Invariants:
 * - A write resolves after its transaction is on disk (WAL, synchronous=FULL); after a crash it is there whole or not at all.
 * - One program at a time: a lock on `mailden.lock` is held while the store is open.
 * - What takes long is cut into slices: searches, digests of large messages, clearing up after removals.
 */
import { join } from "node:path";
import type { Clock, Log, Random } from "../../core/ports.ts";
import { ChangeBus } from "../bus.ts";
import { parseFlags } from "../flags.ts";
import { type Delivery, type Store, StoreOpenError, type StoreStats } from "../mod.ts";
import { accountKey, INBOX } from "../names.ts";
import { SqliteAccounts } from "./client/accounts.ts";
import { SqliteBodies } from "./client/bodies.ts";
import { Janitor } from "./client/janitor.ts";
import { Link } from "./client/link.ts";
import { SqliteMailboxes } from "./client/mailboxes.ts";
import { SqliteMessages } from "./client/messages.ts";
import { ReaderPool } from "./client/reader_pool.ts";
import { SqliteSpool } from "./client/spool.ts";
import { type StageMemory, withBody } from "./client/stage.ts";
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
  /** Reader workers; 2 unless said otherwise. */
  readonly readers?: number;
  /** How long expunged messages are kept hidden; 0 for not at all. */
  readonly undeleteDays: number;
  /** The size that the database may not exceed; past it a write is refused like on a full disk. */
  readonly maxBytes?: number;
}

const PAGE_BYTES = 4096;

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
    for (let i = 0; i < (options.readers ?? 2); i++) {
      handles.push(await startWorker("store reader", { role: "reader", path }));
    }
    const store = new SqliteStore(options, { handles, unlock });
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
  /** The writer first, then the readers. */
  readonly handles: readonly WorkerHandle[];
  readonly unlock: () => void;
}

class SqliteStore implements Store {
  readonly accounts: SqliteAccounts;
  readonly mailboxes: SqliteMailboxes;
  readonly messages: SqliteMessages;
  readonly bodies: SqliteBodies;
  readonly spool: SqliteSpool;
  readonly bus: ChangeBus;
  readonly #link: Link;
  readonly #janitor: Janitor;
  readonly #unlock: () => void;
  #queuedMessages = 0;
  #queuedRecipients = 0;
  #closing: Promise<void> | null = null;

  constructor({ clock, log, undeleteDays }: SqliteStoreOptions, { handles, unlock }: Resources) {
    const [first, ...rest] = handles;
    const writer = new Writer(first!, { clock, onEffects: (effects) => this.#tell(effects) });
    const memory: StageMemory = { held: 0 };
    this.#janitor = new Janitor({ writer, clock, log, undeleteDays });
    this.#link = new Link({
      writer,
      readers: new ReaderPool(rest),
      onUse: () => this.#janitor.tick(),
    });
    this.#unlock = unlock;
    this.accounts = new SqliteAccounts(this.#link);
    this.mailboxes = new SqliteMailboxes(this.#link);
    this.messages = new SqliteMessages(this.#link);
    this.bodies = new SqliteBodies({ link: this.#link, memory });
    this.spool = new SqliteSpool(this.#link);
    this.bus = new ChangeBus((error) => log.error("store-listener-failed", { error: String(error) }));
  }

  /** Counts what the last run left in the queue. */
  async begin(): Promise<void> {
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
      await withBody(
        delivery.body,
        (body, cargo) => this.#link.writer.do("accept", { id, body, receivedAt, local, queued }, cargo),
      );
    });
  }

  stats(): StoreStats {
    return {
      queuedMessages: this.#queuedMessages,
      queuedRecipients: this.#queuedRecipients,
      ...this.#link.writer.figures,
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
