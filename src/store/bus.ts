import type { Bus, ChangeNotice, QueuedMessage } from "./mod.ts";

/** Tells the listeners of this process. A listener that throws does not keep the others from hearing. */
export class ChangeBus implements Bus {
  readonly #mailboxes = new Map<number, Set<(notice: ChangeNotice) => void>>();
  readonly #spool = new Set<(fresh: readonly QueuedMessage[]) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  watchMailbox(mailboxId: number, listener: (notice: ChangeNotice) => void): () => void {
    const listeners = this.#mailboxes.get(mailboxId) ?? new Set();
    this.#mailboxes.set(mailboxId, listeners);
    // Its own function object, so that one listener registered twice is called twice and stopped one by one.
    const entry = (notice: ChangeNotice) => listener(notice);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
      if (listeners.size === 0 && this.#mailboxes.get(mailboxId) === listeners) {
        this.#mailboxes.delete(mailboxId);
      }
    };
  }

  watchSpool(listener: (fresh: readonly QueuedMessage[]) => void): () => void {
    const entry = (fresh: readonly QueuedMessage[]) => listener(fresh);
    this.#spool.add(entry);
    return () => this.#spool.delete(entry);
  }

  tellMailbox(notice: ChangeNotice): void {
    for (const listener of [...this.#mailboxes.get(notice.mailboxId) ?? []]) {
      this.#call(() => listener(notice));
    }
  }

  tellSpool(fresh: readonly QueuedMessage[] = []): void {
    for (const listener of [...this.#spool]) this.#call(() => listener(fresh));
  }

  /** The commit is done whatever a listener does; its error must not reach the writer of the change. */
  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#onError(error);
    }
  }
}
