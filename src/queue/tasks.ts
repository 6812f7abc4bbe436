import type { Clock, Log } from "../core/ports.ts";

/** What runs in the background, so that stopping can wait for it; an error there is logged and ends nothing else. */
export class Tasks {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();

  constructor(deps: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  track(task: Promise<void>): void {
    const tracked = task
      .catch((error) => this.#log.error("queue-error", { error: String(error) }))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Waits for all of them, but no longer than this. */
  async wait(ms: number): Promise<void> {
    if (this.#running.size === 0) return;
    const timer = new AbortController();
    await Promise.race([Promise.all(this.#running), this.#clock.sleep(ms, timer.signal)]);
    timer.abort();
  }
}
