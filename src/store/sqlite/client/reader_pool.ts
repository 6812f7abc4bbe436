import { unpackError } from "../packed_error.ts";
import type { Cancel, ReadKind, ReadReply, ReadRequest, Reads } from "../protocol.ts";
import type { WorkerHandle } from "../worker_handle.ts";

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Gives each request to the reader that has the fewest. */
export class ReaderPool {
  readonly #readers: readonly Reader[];

  constructor(handles: readonly WorkerHandle[], onError: (error: Error) => void = () => {}) {
    this.#readers = handles.map((handle) => new Reader(handle, onError));
  }

  do<K extends ReadKind>(
    kind: K,
    args: Reads[K]["args"],
    signal?: AbortSignal,
  ): Promise<Reads[K]["result"]> {
    const reader = this.#readers.reduce((best, next) => next.load < best.load ? next : best);
    return reader.ask(kind, args, signal) as Promise<Reads[K]["result"]>;
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }
}

class Reader {
  readonly #handle: WorkerHandle;
  readonly #onError: (error: Error) => void;
  readonly #pending = new Map<number, Pending>();
  #lastRequest = 0;
  #failure: Error | null = null;

  constructor(handle: WorkerHandle, onError: (error: Error) => void) {
    this.#handle = handle;
    this.#onError = onError;
    handle.listen((data) => this.#receive(data as ReadReply), (error) => this.#fail(error));
  }

  /** A dead reader is asked last. */
  get load(): number {
    return this.#failure === null ? this.#pending.size : Infinity;
  }

  async ask(kind: ReadKind, args: unknown, signal: AbortSignal | undefined): Promise<unknown> {
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
    // It stays pending until the worker has answered, also when it is cancelled: that is the worker's load.
    this.#pending.set(request, answer);
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

  #receive(reply: ReadReply): void {
    const pending = this.#pending.get(reply.request);
    this.#pending.delete(reply.request);
    if (pending === undefined) return;
    if (reply.ok) return pending.resolve(reply.value);
    const error = unpackError(reply.error);
    this.#onError(error);
    pending.reject(error);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
