import type { Outcome } from "../core/outcome.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { Job } from "./job.ts";
import { retryDelay } from "./schedule.ts";
import type { QueueSettings } from "./settings.ts";

const MIN_PUT_OFF_MS = 100;
const MAX_PUT_OFF_MS = 15 * 60_000;

/** What is known in memory about one destination: who waits for it, how fast it goes, whether it is dead. */
export class Destination {
  readonly name: string;
  readonly waiting: Job[] = [];
  /** In the line of those that have something to start. */
  listed = false;
  /** When each of the attempts under way began, the oldest first. */
  readonly #begun: number[] = [];
  #failures = 0;
  #blockedUntil = 0;
  #lastFailure: Outcome | null = null;
  /** A moving average of what one attempt takes. */
  #attemptMs: number | null = null;

  constructor(name: string) {
    this.name = name;
  }

  get running(): number {
    return this.#begun.length;
  }

  begin(now: number): void {
    this.#begun.push(now);
  }

  end(begunAt: number): void {
    this.#begun.splice(this.#begun.indexOf(begunAt), 1);
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

  /**
   * In how long there will be room for a job that has so many before it; rather too early than too late, so that the line never
   * runs dry. Of a destination that has not answered yet nothing is known but for how long: its jobs come back after some
   * multiple of that, again and again.
   */
  roomIn(
    ahead: number,
    { now, settings }: { readonly now: number; readonly settings: QueueSettings },
  ): number {
    const silentMs = now - (this.#begun[0] ?? now);
    const answers = this.#attemptMs !== null && silentMs < 10 * this.#attemptMs;
    const attemptMs = answers ? this.#attemptMs! : silentMs;
    const turn = 0.5 * ahead * attemptMs / settings.concurrencyPerDestination;
    const delay = answers ? turn : Math.min(turn, 4 * silentMs);
    return Math.ceil(Math.min(MAX_PUT_OFF_MS, Math.max(MIN_PUT_OFF_MS, delay)));
  }

  /** Nothing is worth keeping: idle, and not dead or dead long ago. */
  isForgettable(now: number): boolean {
    if (this.running > 0 || this.waiting.length > 0) return false;
    return this.#failures === 0 || now > this.#blockedUntil + 60 * 60_000;
  }
}
