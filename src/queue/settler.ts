import type { Clock, Log } from "../core/ports.ts";
import type { Postponement, RecipientUpdate, Store } from "../store/mod.ts";

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 60_000;

export interface SettlerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Writes the result of an attempt down, and does not give up while the store cannot take it (a full disk): a result that is
 * forgotten means that the message is sent twice.
 */
export class Settler {
  readonly #deps: SettlerDeps;

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
  }

  settle(id: string, updates: readonly RecipientUpdate[]): Promise<void> {
    return this.#insist({ message: id }, () => this.#deps.store.spool.settle(id, updates));
  }

  async postpone(what: Postponement): Promise<void> {
    await this.#insist({ domain: what.recipientDomain }, () => this.#deps.store.spool.postpone(what));
  }

  async #insist(about: Readonly<Record<string, string>>, write: () => Promise<unknown>): Promise<void> {
    const { clock, log, signal } = this.#deps;
    for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
      try {
        await write();
        return;
      } catch (error) {
        log.error("settle-failed", { ...about, error: String(error) });
        // Stopping: the message is tried again after the next start, and may arrive twice.
        if (signal.aborted) return;
        await clock.sleep(waitMs, signal);
      }
    }
  }
}
