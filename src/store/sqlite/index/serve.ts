/** The indexer's worker: it holds the index open and does what it is told, one small batch at a time. */
import { Database, isDamage } from "../database.ts";
import { packError } from "../packed_error.ts";
import type { Close, Closed, Start, Started } from "../protocol.ts";
import type { WorkerPort } from "../worker_port.ts";
import { IndexBuilder } from "./builder.ts";
import {
  checkIndex,
  openIndexForWriting,
  readState,
  removeIndexFile,
  StaleIndex,
  writeState,
} from "./file.ts";
import type { IndexerSettings, IndexOrder, IndexProgress, IndexReply } from "./orders.ts";

/** Of the store's database: bodies are read once, so there is nothing to keep. */
const MAIL_CACHE_KIB = 1024;

export function startIndexer(
  port: WorkerPort,
  { path, settings }: Extract<Start, { role: "indexer" }>,
): void {
  let indexer: Indexer;
  try {
    indexer = new Indexer(path, settings);
  } catch (error) {
    port.postMessage({ ok: false, reason: messageOf(error) } satisfies Started);
    return;
  }
  port.onmessage = ({ data }) => {
    const message = data as IndexOrder | Close;
    if ("close" in message) {
      indexer.close();
      port.postMessage({ closed: true } satisfies Closed);
    } else {
      port.postMessage(indexer.obey(message));
    }
  };
  port.postMessage({ ok: true } satisfies Started);
}

class Indexer {
  readonly #mail: Database;
  readonly #settings: IndexerSettings;
  #index: Database | null = null;
  /** Why it was begun anew since the last answer. */
  #rebuilt: string | null = null;

  constructor(path: string, settings: IndexerSettings) {
    this.#settings = settings;
    this.#mail = new Database(path, { readOnly: true, cacheKiB: MAIL_CACHE_KIB });
    try {
      this.#guarded(() => this.#open(settings.check));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  obey(order: IndexOrder): IndexReply {
    try {
      const hasMore = this.#guarded(() => this.#do(order)) ?? true;
      return { order: order.order, ok: true, progress: this.#progress(hasMore) };
    } catch (error) {
      return { order: order.order, ok: false, error: packError(error) };
    }
  }

  close(): void {
    this.#closeIndex();
    this.#mail.close();
  }

  #do(order: IndexOrder): boolean {
    if (order.kind === "rebuild") throw new StaleIndex("It was asked for");
    const index = this.#open(order.kind === "check");
    const builder = this.#builder(index);
    if (order.kind === "check") return builder.behind > 0;
    const hasMore = builder.run(order.most);
    if (!hasMore) builder.checkWaste();
    return hasMore;
  }

  /** Begins the index anew when the work shows that it cannot be used; then the work was for nothing, and null is returned. */
  #guarded<T>(work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof StaleIndex) && !isDamage(error)) throw error;
      this.#rebuilt = messageOf(error);
      this.#closeIndex();
      removeIndexFile(this.#settings.indexPath);
      this.#open(false);
      return null;
    }
  }

  #open(check: boolean): Database {
    const isOpen = this.#index !== null;
    const index = this.#index ??= openIndexForWriting(this.#settings.indexPath);
    if (check) checkIndex(index);
    if (isOpen) return index;
    if (readState<string>(index, "token") === "") this.#rebuilt ??= "There was none";
    this.#builder(index).checkOrigin();
    // Only now may the readers believe it.
    writeState(index, "token", this.#settings.token);
    return index;
  }

  #closeIndex(): void {
    const index = this.#index;
    this.#index = null;
    try {
      index?.close();
    } catch {
      // Its last checkpoint may meet the damage that it is closed for.
    }
  }

  #builder(index: Database): IndexBuilder {
    return new IndexBuilder(this.#mail, index, { maxText: this.#settings.maxText });
  }

  #progress(hasMore: boolean): IndexProgress {
    const builder = this.#builder(this.#index!);
    const rebuilt = this.#rebuilt;
    this.#rebuilt = null;
    const bytes = Deno.statSync(this.#settings.indexPath).size;
    return { ...builder.place, behind: builder.behind, bytes, hasMore, rebuilt };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
