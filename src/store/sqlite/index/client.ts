import { join } from "node:path";
import type { Clock, Log } from "../../../core/ports.ts";
import type { SearchIndexPort, SearchIndexStatus } from "../../search_index.ts";
import { unpackError } from "../packed_error.ts";
import type { Start } from "../protocol.ts";
import type { WorkerHandle } from "../worker_handle.ts";
import { removeIndexFile } from "./file.ts";
import type { IndexAddress } from "./lookup.ts";
import type { IndexOrder, IndexProgress, IndexReply } from "./orders.ts";

export interface IndexSettings {
  /** Characters of one message that go in; a longer one is looked into by every search that may concern it. */
  readonly maxText: number;
  /** How long new messages may wait for their turn. */
  readonly delayMs: number;
}

export interface SearchIndexDeps {
  /** The data folder, and the database in it. */
  readonly directory: string;
  readonly path: string;
  readonly settings: IndexSettings;
  /** Another one in every run. */
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly start: (start: Start) => Promise<WorkerHandle>;
  /** How many writes the store has seen. */
  readonly writes: () => number;
}

const FILE = "search.db";
/** So many new messages are not left waiting. */
const ROUND_BODIES = 512;
/** How long the worker is kept when there is nothing to do: its memory is worth more than its start. */
const LINGER_MS = 10_000;
/** Bodies in a batch while nobody writes, and while somebody does. */
const QUIET_BATCH = 200;
const BUSY_BATCH = 40;
/** The pause after a batch, by the time that it took, and within bounds. */
const QUIET_REST = 0.25;
const BUSY_REST = 30;
const BUSY_REST_MS: readonly [least: number, most: number] = [250, 10_000];

type Order = Omit<Extract<IndexOrder, { kind: "batch" }>, "order"> | { readonly kind: "rebuild" | "check" };

export function indexAddress(directory: string, token: string): IndexAddress {
  return { path: join(directory, FILE), token };
}

/** Removes the index, if there is one, from a store that is to have none. */
export function removeIndexFiles(directory: string): void {
  removeIndexFile(join(directory, FILE));
}

/**
 * The main thread's side of the index: it decides when the indexer works. A round begins when enough new messages have come, or
 * the oldest of them has waited long enough; after it the worker soon ends.
 */
export class SearchIndex implements SearchIndexPort {
  readonly #deps: SearchIndexDeps;
  readonly #closing = new AbortController();
  #living: Promise<void> | null = null;
  #worker: IndexerLink | null = null;
  #nudge = Promise.withResolvers<void>();
  #isNudged = false;
  #wasChecked = false;
  #wantsCheck = false;
  #rebuilds: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  /** Bodies stored since the indexer last looked. */
  #fresh = 0;
  #timer: AbortController | null = null;
  #pausing: AbortController | null = null;
  #progress: IndexProgress | null = null;
  #problem: string | null = null;
  #lastWrites = 0;

  constructor(deps: SearchIndexDeps) {
    this.#deps = deps;
  }

  begin(): void {
    this.#living = this.#live();
  }

  /** So many bodies were stored. */
  noteBodies(count: number): void {
    if (count === 0) return;
    this.#fresh += count;
    if (this.#fresh >= ROUND_BODIES) this.#wake();
    else this.#arm();
  }

  /** A search has met damage; the index is looked through, and built anew if need be. */
  noteDamage(reason: string): void {
    if (this.#wantsCheck || this.#problem !== null) return;
    this.#deps.log.warn("search-index-damaged", { reason });
    this.#wantsCheck = true;
    this.#wake();
  }

  get unindexed(): number {
    return (this.#progress?.behind ?? 0) + this.#fresh;
  }

  status(): SearchIndexStatus {
    const { indexed = 0, bytes = 0 } = this.#progress ?? {};
    const state = this.#problem !== null
      ? "failed"
      : this.#progress === null
      ? "checking"
      : this.unindexed > 0
      ? "behind"
      : "ready";
    return { state, indexed, unindexed: this.unindexed, bytes, problem: this.#problem };
  }

  /** Resolves when the old index is gone; the new one is filled in the background. */
  rebuild(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new Error("The store is closed"));
    return new Promise((resolve, reject) => {
      this.#rebuilds.push({ resolve, reject });
      this.#pausing?.abort();
      this.#wake();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.abort();
    this.#wake();
    await this.#living;
    for (const waiting of this.#rebuilds.splice(0)) waiting.reject(new Error("The store is closed"));
  }

  async #live(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#isNudged = false;
      this.#nudge = Promise.withResolvers<void>();
      this.#timer?.abort();
      this.#timer = null;
      try {
        await this.#round();
        this.#problem = null;
      } catch (error) {
        this.#fail(error);
      }
      if (!signal.aborted) await this.#rest();
    }
    await this.#dismiss();
  }

  /** Until there is a reason to go on. The worker is let go when none comes soon. */
  async #rest(): Promise<void> {
    const soon = new AbortController();
    await Promise.race([this.#nudge.promise, this.#deps.clock.sleep(LINGER_MS, soon.signal)]);
    soon.abort();
    if (!this.#isNudged) await this.#dismiss();
    await this.#nudge.promise;
  }

  #wake(): void {
    this.#isNudged = true;
    this.#nudge.resolve();
  }

  /** Takes in what there is. */
  async #round(): Promise<void> {
    const begun = this.#deps.clock.now();
    let batches = 0;
    for (let hasMore = true; hasMore && !this.#closing.signal.aborted; batches++) {
      hasMore = await this.#step();
    }
    const { indexed = 0 } = this.#progress ?? {};
    if (batches < 2) return;
    const seconds = Math.round((this.#deps.clock.now() - begun) / 1000);
    this.#deps.log.debug("search-index-filled", { messages: indexed, seconds });
  }

  /** One batch and the pause after it; whether there is more. */
  async #step(): Promise<boolean> {
    const worker = this.#worker ??= await this.#hire();
    if (this.#rebuilds.length > 0) await this.#rebuildNow(worker);
    if (this.#wantsCheck) {
      this.#wantsCheck = false;
      this.#note(await worker.obey({ kind: "check" }));
    }
    const { clock } = this.#deps;
    const wasBusy = this.#isBusy();
    const fresh = this.#fresh;
    const begun = clock.now();
    const progress = await worker.obey({ kind: "batch", most: wasBusy ? BUSY_BATCH : QUIET_BATCH });
    // They are among those that it sees now.
    this.#fresh -= fresh;
    this.#note(progress);
    if (!progress.hasMore) return false;
    await this.#pause(clock.now() - begun, this.#isBusy() || wasBusy);
    return true;
  }

  /** Whether the store has been written to since the last look. */
  #isBusy(): boolean {
    const writes = this.#deps.writes();
    const isBusy = writes !== this.#lastWrites;
    this.#lastWrites = writes;
    return isBusy;
  }

  async #pause(tookMs: number, isBusy: boolean): Promise<void> {
    if (this.#rebuilds.length > 0) return;
    const [least, most] = BUSY_REST_MS;
    const ms = isBusy ? Math.min(most, Math.max(least, tookMs * BUSY_REST)) : tookMs * QUIET_REST;
    this.#pausing = new AbortController();
    await this.#deps.clock.sleep(ms, AbortSignal.any([this.#closing.signal, this.#pausing.signal]));
  }

  async #rebuildNow(worker: IndexerLink): Promise<void> {
    const waiting = this.#rebuilds.splice(0);
    try {
      this.#note(await worker.obey({ kind: "rebuild" }));
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      throw error;
    }
  }

  #note(progress: IndexProgress): void {
    this.#progress = progress;
    const { rebuilt } = progress;
    if (rebuilt !== null) this.#deps.log.info("search-index-rebuilt", { reason: rebuilt });
  }

  /** Without it everything works, only slower; the next round tries again. */
  #fail(error: unknown): void {
    this.#problem = error instanceof Error ? error.message : String(error);
    this.#deps.log.warn("search-index-failed", { error: this.#problem });
    this.#worker?.terminate();
    this.#worker = null;
    for (const waiting of this.#rebuilds.splice(0)) waiting.reject(error);
    this.#arm();
  }

  /** Sees to it that there is a round after the delay. */
  #arm(): void {
    if (this.#timer !== null || this.#closing.signal.aborted) return;
    const timer = new AbortController();
    this.#timer = timer;
    this.#deps.clock.sleep(this.#deps.settings.delayMs, timer.signal).then(() => {
      if (!timer.signal.aborted) this.#wake();
    });
  }

  async #hire(): Promise<IndexerLink> {
    const { directory, path, settings, token, start } = this.#deps;
    const handle = await start({
      role: "indexer",
      path,
      settings: {
        indexPath: indexAddress(directory, token).path,
        token,
        maxText: settings.maxText,
        check: !this.#wasChecked,
      },
    });
    this.#wasChecked = true;
    return new IndexerLink(handle);
  }

  async #dismiss(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.close().catch((error) => {
      this.#deps.log.warn("search-index-failed", { error: String(error) });
    });
  }
}

/** The line to the indexer, one order at a time. */
class IndexerLink {
  readonly #handle: WorkerHandle;
  #lastOrder = 0;

  constructor(handle: WorkerHandle) {
    this.#handle = handle;
  }

  obey(order: Order): Promise<IndexProgress> {
    return new Promise((resolve, reject) => {
      this.#handle.listen((data) => {
        const reply = data as IndexReply;
        if (reply.ok) resolve(reply.progress);
        else reject(unpackError(reply.error));
      }, reject);
      this.#handle.post({ order: ++this.#lastOrder, ...order } satisfies IndexOrder);
    });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  terminate(): void {
    this.#handle.terminate();
  }
}
