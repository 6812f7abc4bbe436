import type { Clock } from "../core/ports.ts";

/** An attempt that is under way. */
export interface Watched {
  readonly begunAt: number;
}

/**
 * Counts the attempts that take long, with one timer for all of them: attempts begin in the order of time, so the oldest of those
 * that are not slow yet is always the next to become so.
 */
export class SlowWatch {
  readonly #clock: Clock;
  readonly #options: {
    readonly slowAfterMs: () => number;
    readonly onSlow: () => void;
    readonly signal: AbortSignal;
  };
  readonly #quick = new Set<Watched>();
  readonly #slow = new Set<Watched>();
  #running = false;

  constructor(
    clock: Clock,
    options: { slowAfterMs: () => number; onSlow: () => void; signal: AbortSignal },
  ) {
    this.#clock = clock;
    this.#options = options;
  }

  /** How many are slow. */
  get slow(): number {
    return this.#slow.size;
  }

  /** How many are not, or not yet. */
  get quick(): number {
    return this.#quick.size;
  }

  begin(begunAt: number): Watched {
    const watched: Watched = { begunAt };
    this.#quick.add(watched);
    if (!this.#running) void this.#watch();
    return watched;
  }

  end(watched: Watched): void {
    this.#quick.delete(watched);
    this.#slow.delete(watched);
  }

  async #watch(): Promise<void> {
    const { slowAfterMs, onSlow, signal } = this.#options;
    this.#running = true;
    while (this.#quick.size > 0 && !signal.aborted) {
      const [oldest] = this.#quick;
      const rest = oldest!.begunAt + slowAfterMs() - this.#clock.now();
      if (rest > 0) {
        await this.#clock.sleep(rest, signal);
        continue;
      }
      this.#quick.delete(oldest!);
      this.#slow.add(oldest!);
      onSlow();
    }
    this.#running = false;
  }
}
