import type { Clock } from "../core/ports.ts";
import { BoundedMap } from "./bounded_map.ts";

/** Counts failures by key. A count is forgotten a window after its last failure. */
export class FailureLedger {
  readonly #clock: Clock;
  readonly #counts = new BoundedMap<{ readonly failures: number; readonly lastAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failures(key: string, windowMs: number): number {
    const entry = this.#counts.get(key);
    if (entry === undefined || this.#clock.now() - entry.lastAt >= windowMs) return 0;
    return entry.failures;
  }

  /** Adds a failure and returns how many there are now. */
  note(key: string, options: { readonly windowMs: number; readonly capacity: number }): number {
    const failures = this.failures(key, options.windowMs) + 1;
    this.#counts.set(key, { failures, lastAt: this.#clock.now() }, options.capacity);
    return failures;
  }
}
