import type { Clock } from "../../../core/ports.ts";
import { unpackError } from "../packed_error.ts";
import type {
  Cancel,
  IndexDamage,
  ReadKind,
  ReadProgress,
  ReadReply,
  ReadRequest,
  Reads,
} from "../protocol.ts";
import type { SearchOptions } from "../../search.ts";
import type { WorkerHandle } from "../worker_handle.ts";

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: SearchOptions["onProgress"];
}

export interface ReaderPoolOptions {
  /** How many readers there may be. */
  readonly most: number;
  /** Starts one more. */
  readonly start: () => Promise<WorkerHandle>;
  readonly clock: Clock;
  /** Hears of every error that a reader answers with. */
  readonly onError: (error: Error) => void;
  /** Hears when a reader finds the full-text index damaged. */
  readonly onIndexDamage?: (reason: string) => void;
}

/** A reader that has not been idle for so long needs help; to start one takes as much time, of the same processors. */
const BUSY_MS = 50;

/**
 * Gives each request to the reader that has the fewest. It begins with one; more are started when that one is kept
 * busy, since each takes some 14 MB and most servers are idle most of the time.
 */
export class ReaderPool {
  readonly #options: ReaderPoolOptions;
  readonly #readers: Reader[];
  #starting: Promise<void> | null = null;
  #closed = false;

  constructor(first: WorkerHandle, options: ReaderPoolOptions) {
    this.#options = options;
    this.#readers = [new Reader(first, options)];
  }

  do<K extends ReadKind>(
    kind: K,
    args: Reads[K]["args"],
    options?: SearchOptions,
  ): Promise<Reads[K]["result"]> {
    const reader = this.#readers.reduce((best, next) => next.load < best.load ? next : best);
    if (reader.busyMs > BUSY_MS && this.#readers.length < this.#options.most && !this.#closed) {
      this.#starting ??= this.#startOne();
    }
    return reader.ask(kind, args, options) as Promise<Reads[K]["result"]>;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting;
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }

  /** One that cannot be started is not missed: the others do its work, and the error is told. */
  async #startOne(): Promise<void> {
    try {
      this.#readers.push(new Reader(await this.#options.start(), this.#options));
      this.#starting = null;
    } catch (error) {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

class Reader {
  readonly #handle: WorkerHandle;
  readonly #options: Omit<ReaderPoolOptions, "most" | "start">;
  readonly #pending = new Map<number, Pending>();
  /** When it last went from idle to busy. */
  #busySince = 0;
  #lastRequest = 0;
  #failure: Error | null = null;

  constructor(handle: WorkerHandle, options: Omit<ReaderPoolOptions, "most" | "start">) {
    this.#handle = handle;
    this.#options = options;
    handle.listen(
      (data) => this.#receive(data as ReadReply | ReadProgress | IndexDamage),
      (error) => this.#fail(error),
    );
  }

  /** A dead reader is asked last. */
  get load(): number {
    return this.#failure === null ? this.#pending.size : Infinity;
  }

  /** How long it has had something to do without a pause. */
  get busyMs(): number {
    return this.#pending.size === 0 ? 0 : this.#options.clock.now() - this.#busySince;
  }

  async ask(kind: ReadKind, args: unknown, { signal, onProgress }: SearchOptions = {}): Promise<unknown> {
    if (this.#failure !== null) throw this.#failure;
    signal?.throwIfAborted();
    const request = ++this.#lastRequest;
    const answer = Promise.withResolvers<unknown>();
    const cancel = () => {
      if (!this.#pending.has(request)) return;
      this.#handle.post({ cancel: request } satisfies Cancel);
      answer.reject(signal?.reason);
    };
    this.#handle.post({ request, kind, args } as ReadRequest);
    if (this.#pending.size === 0) this.#busySince = this.#options.clock.now();
    // It stays pending until the worker has answered, also when it is cancelled: that is the worker's load.
    this.#pending.set(request, { resolve: answer.resolve, reject: answer.reject, onProgress });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await answer.promise;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  async close(): Promise<void> {
    this.#fail(new Error("The store is closed"));
    await this.#handle.close();
  }

  #receive(reply: ReadReply | ReadProgress | IndexDamage): void {
    if ("indexDamage" in reply) return this.#options.onIndexDamage?.(reply.indexDamage);
    const pending = this.#pending.get(reply.request);
    if ("done" in reply) return pending?.onProgress?.(reply.done, reply.total);
    this.#pending.delete(reply.request);
    if (pending === undefined) return;
    if (reply.ok) return pending.resolve(reply.value);
    const error = unpackError(reply.error);
    this.#options.onError(error);
    pending.reject(error);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
