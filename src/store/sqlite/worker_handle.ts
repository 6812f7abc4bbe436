import type { Close, Closed, Start, Started } from "./protocol.ts";

/**
 * The main thread's end of one worker. A worker that dies takes its database connection with it; whoever waits for it
 * is told through `onFailure`.
 */
export class WorkerHandle {
  readonly #worker: Worker;
  #onMessage: (data: unknown) => void = () => {};
  #onFailure: (error: Error) => void = () => {};
  #failure: Error | null = null;
  #onDeath: (error: Error) => void = () => {};

  constructor(name: string) {
    this.#worker = new Worker(new URL("./store_worker.ts", import.meta.url).href, { type: "module", name });
    this.#worker.onmessage = (event: MessageEvent) => this.#onMessage(event.data);
    this.#worker.onerror = (event) => {
      // Without this the error would end the whole program.
      event.preventDefault();
      this.#fail(new Error(`The ${name} stopped: ${event.message}`));
    };
    this.#worker.onmessageerror = () => this.#fail(new Error(`The ${name} sent what cannot be read`));
  }

  /** Tells the worker what it is; resolves with its answer. */
  start(start: Start): Promise<Started> {
    return this.#ask(start, (data): data is Started => "ok" in (data as object));
  }

  /** Where answers go from now on. */
  listen(onMessage: (data: unknown) => void, onFailure: (error: Error) => void): void {
    this.#onMessage = onMessage;
    this.#onFailure = onFailure;
    if (this.#failure !== null) onFailure(this.#failure);
  }

  /** Who hears, once, when the worker has died; not when it was closed. */
  watch(onDeath: (error: Error) => void): void {
    this.#onDeath = onDeath;
    if (this.#failure !== null) onDeath(this.#failure);
  }

  post(message: unknown, transfer: ArrayBuffer[] = []): void {
    if (this.#failure !== null) throw this.#failure;
    this.#worker.postMessage(message, transfer);
  }

  /** Lets the worker close its database, then ends it. */
  async close(): Promise<void> {
    try {
      if (this.#failure === null) {
        // Answers to what was asked before may come first.
        await this.#ask(
          { close: true } satisfies Close,
          (data): data is Closed => "closed" in (data as object),
        );
      }
    } finally {
      this.#worker.terminate();
    }
  }

  /** Ends the worker at once. */
  terminate(): void {
    this.#worker.terminate();
  }

  #ask<T>(message: Start | Close, isAnswer: (data: unknown) => data is T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.listen((data) => {
        if (isAnswer(data)) resolve(data);
      }, reject);
      if (this.#failure === null) this.#worker.postMessage(message);
    });
  }

  #fail(error: Error): void {
    const isFirst = this.#failure === null;
    this.#failure ??= error;
    this.#onFailure(this.#failure);
    if (isFirst) this.#onDeath(this.#failure);
  }
}
