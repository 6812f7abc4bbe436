import type { Clock, Log } from "../core/ports.ts";
import type { RecipientUpdate, Store } from "../store/mod.ts";

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 60_000;

/**
 * Writes the result of an attempt down, and does not give up while the store cannot take it (a full disk): a result that is
 * forgotten means that the message is sent twice.
 */
export class Settler {
  readonly #deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
  };

  constructor(
    deps: { readonly store: Store; readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
  ) {
    this.#deps = deps;
  }

  async settle(id: string, updates: readonly RecipientUpdate[]): Promise<void> {
    const { store, clock, log, signal } = this.#deps;
    for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
      try {
        return await store.spool.settle(id, updates);
      } catch (error) {
        log.error("settle-failed", { message: id, error: String(error) });
        // Stopping: the message is tried again after the next start, and may arrive twice.
        if (signal.aborted) return;
        await clock.sleep(waitMs, signal);
      }
    }
  }
}
