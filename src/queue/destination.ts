import type { Outcome } from "../core/outcome.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { Job } from "./job.ts";
import { retryDelay } from "./schedule.ts";
import type { QueueSettings } from "./settings.ts";

/** What is known in memory about one destination: who waits for it, how fast it goes, whether it is dead. */
export class Destination {
  readonly name: string;
  readonly waiting: Job[] = [];
  running = 0;
  /** In the line of those that have something to start. */
  listed = false;
  /** Jobs that were put off because too many wait; they are spread over the time to come. */
  putOff = 0;
  #failures = 0;
  #blockedUntil = 0;
  #lastFailure: Outcome | null = null;
  /** A moving average of what one attempt takes. */
  #attemptMs: number | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** After a failure one probe goes first; the others wait for what becomes of it. */
  hasRoom(settings: QueueSettings): boolean {
    return this.running < (this.#failures > 0 ? 1 : settings.concurrencyPerDestination);
  }

  isBlocked(now: number): boolean {
    return now < this.#blockedUntil;
  }

  get blockedUntil(): number {
    return this.#blockedUntil;
  }

  /** What the last attempt ended with, when the destination could not be reached. */
  get lastFailure(): Outcome | null {
    return this.#lastFailure;
  }

  noteReached(tookMs: number): void {
    this.unblock();
    this.#attemptMs = this.#attemptMs === null ? tookMs : 0.8 * this.#attemptMs + 0.2 * tookMs;
  }

  noteUnreachable(
    outcome: Outcome,
    { clock, random, settings }: { clock: Clock; random: Random; settings: QueueSettings },
  ): void {
    const now = clock.now();
    // Attempts that began before the first of them failed are one failure, not many.
    if (!this.isBlocked(now)) {
      this.#failures++;
      const delay = retryDelay(this.#failures, settings, random.fraction());
      this.#blockedUntil = now + Math.min(delay, settings.deadDestinationMaxMs);
    }
    this.#lastFailure = outcome;
  }

  unblock(): void {
    this.#failures = 0;
    this.#blockedUntil = 0;
    this.#lastFailure = null;
  }

  /** In how long a job that is put off now will find a place; rather too early than too late. */
  putOffDelay(settings: QueueSettings): number {
    this.putOff++;
    const ahead = this.waiting.length + this.putOff;
    const pace = (this.#attemptMs ?? 0) / settings.concurrencyPerDestination;
    return Math.min(15 * 60_000, Math.max(1000, 0.5 * ahead * pace));
  }

  /** Nothing is worth keeping: idle, and not dead or dead long ago. */
  isForgettable(now: number): boolean {
    if (this.running > 0 || this.waiting.length > 0) return false;
    return this.#failures === 0 || now > this.#blockedUntil + 60 * 60_000;
  }
}
