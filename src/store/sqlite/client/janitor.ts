import type { Clock, Live, Log } from "../../../core/ports.ts";
import type { Writer } from "./writer.ts";

const DAY = 86_400_000;
/** How often, while the store is used, hidden messages, traces and facts past their time are looked for. */
const ROUND = DAY / 24;

export interface JanitorDeps {
  readonly writer: Writer;
  readonly clock: Clock;
  readonly log: Log;
  readonly undeleteDays: number;
  /** Null: traces are left alone. */
  readonly traceDays: Live<number> | null;
}

/**
 * Clears up behind the writes, slice by slice and one slice at a time, so that deliveries always come in between.
 */
export class Janitor {
  readonly #deps: JanitorDeps;
  #stopped = false;
  #sweeping: Promise<void> | null = null;
  #again = false;
  #lastRound = -Infinity;

  constructor(deps: JanitorDeps) {
    this.#deps = deps;
  }

  /** The store is being used: begins a round when one is due. */
  tick(): void {
    const now = this.#deps.clock.now();
    // Either way: a clock that was put back must not stop the rounds until it has caught up.
    if (Math.abs(now - this.#lastRound) < ROUND) return;
    this.#lastRound = now;
    this.wake();
  }

  /** There is something to sweep. */
  wake(): void {
    this.#again = true;
    if (this.#stopped) return;
    this.#sweeping ??= this.#sweep();
  }

  /** Ends after the slice that is being done; the rest is for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { writer, clock, log, undeleteDays, traceDays } = this.#deps;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        const now = clock.now();
        const more = await writer.doSlice("sweep", {
          purgeBefore: now - undeleteDays * DAY,
          traceBefore: traceDays === null ? null : now - traceDays.current * DAY,
        });
        if (more) this.#again = true;
      }
    } catch (error) {
      // A full disk, most likely. The next round tries again.
      log.warn("store-sweep-failed", { error: error instanceof Error ? error.message : String(error) });
    }
    // In the same turn in which the loop ended, so that no call of `wake` falls between.
    this.#sweeping = null;
  }
}
