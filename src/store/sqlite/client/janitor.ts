import type { Clock, Log } from "../../../core/ports.ts";
import type { Writer } from "./writer.ts";

const DAY = 86_400_000;
/** How often, while the store is used, hidden messages past their time are looked for. */
const ROUND = DAY / 24;

export interface JanitorDeps {
  readonly writer: Writer;
  readonly clock: Clock;
  readonly log: Log;
  readonly undeleteDays: number;
}

/**
 * Clears up behind the writes, slice by slice and one slice at a time, so that deliveries always come in between.
 */
export class Janitor {
  readonly #deps: JanitorDeps;
  #stopped = false;
  #sweeping: Promise<void> | null = null;
  #again = false;
  #nextRound = -Infinity;

  constructor(deps: JanitorDeps) {
    this.#deps = deps;
  }

  /** The store is being used: begins a round when one is due. */
  tick(): void {
    const now = this.#deps.clock.now();
    if (now < this.#nextRound) return;
    this.#nextRound = now + ROUND;
    this.wake();
  }

  /** There is something to sweep. */
  wake(): void {
    this.#again = true;
    if (this.#stopped) return;
    this.#sweeping ??= this.#sweep().finally(() => this.#sweeping = null);
  }

  /** Ends after the slice that is being done; the rest is for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { writer, clock, log, undeleteDays } = this.#deps;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        const more = await writer.do("sweep", { purgeBefore: clock.now() - undeleteDays * DAY });
        if (more) this.#again = true;
      }
    } catch (error) {
      // A full disk, most likely. The next round tries again.
      log.warn("store-sweep-failed", { error: error instanceof Error ? error.message : String(error) });
    }
  }
}
