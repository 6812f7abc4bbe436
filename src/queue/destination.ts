import type { Outcome } from "../core/outcome.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { Job } from "./job.ts";
import { Line } from "./line.ts";
import { retryDelay } from "./schedule.ts";
import type { QueueSettings } from "./settings.ts";

const MIN_PUT_OFF_MS = 100;
const MAX_PUT_OFF_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
/** Attempts at once at a destination that has not answered yet: one that is dead, or hangs, costs no more than these. */
const FIRST_ATTEMPTS = 2;

/** What is known in memory about one destination: who waits for it, how fast it goes, whether it is dead. */
export class Destination {
  readonly name: string;
  readonly waiting = new Line();
  /** When each of the attempts under way began, the oldest first. */
  readonly #begun: number[] = [];
  #failures = 0;
  #blockedUntil = 0;
  #lastFailure: Outcome | null = null;
  /** A moving average of what one attempt takes. */
  #attemptMs: number | null = null;
  /** How many attempts at once it has shown to bear, with a fraction that successes add to; null: not known yet. */
  #window: number | null = null;
  /** Before this no attempt may begin, by the rate limit. */
  #pacedUntil = 0;

  constructor(name: string) {
    this.name = name;
  }

  get running(): number {
    return this.#begun.length;
  }

  begin(now: number, settings: QueueSettings): void {
    this.#begun.push(now);
    const { ratePerDestination } = settings;
    if (ratePerDestination === null) return;
    this.#pacedUntil = Math.max(this.#pacedUntil, now) + MINUTE_MS / ratePerDestination;
  }

  end(begunAt: number): void {
    this.#begun.splice(this.#begun.indexOf(begunAt), 1);
  }

  /** Attempts at once: grows with each success, halves when the host has too much. */
  window(settings: QueueSettings): number {
    const known = this.#window ?? settings.concurrencyPerDestination;
    return Math.max(1, Math.min(Math.floor(known), upperWindow(settings)));
  }

  /** At first, and after a failure, a probe or two go first; the others wait for what becomes of them. */
  hasRoom(settings: QueueSettings): boolean {
    if (this.#failures > 0) return this.running < 1;
    const window = this.window(settings);
    return this.running < (this.isUnproven ? Math.min(window, FIRST_ATTEMPTS) : window);
  }

  /** When the rate limit lets the next attempt begin. */
  get pacedUntil(): number {
    return this.#pacedUntil;
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

  /** It has not answered yet, since we know of it. */
  get isUnproven(): boolean {
    return this.#attemptMs === null;
  }

  noteReached(tookMs: number): void {
    this.unblock();
    this.#attemptMs = this.#attemptMs === null ? tookMs : 0.8 * this.#attemptMs + 0.2 * tookMs;
  }

  /** One more at a time after as many successes as there may be at a time now. */
  noteSuccess(settings: QueueSettings): void {
    const window = this.#window ?? settings.concurrencyPerDestination;
    this.#window = Math.min(window + 1 / Math.floor(Math.max(1, window)), upperWindow(settings));
  }

  /** The host was there but had too much to do (421). */
  noteOverload(settings: QueueSettings): void {
    this.#window = Math.max(1, (this.#window ?? settings.concurrencyPerDestination) / 2);
  }

  noteUnreachable(
    outcome: Outcome,
    { clock, random, settings }: { clock: Clock; random: Random; settings: QueueSettings },
  ): void {
    const now = clock.now();
    // Attempts that began before the first of them failed are one failure, not many.
    if (!this.isBlocked(now)) {
      this.#failures++;
      this.noteOverload(settings);
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
    const { ratePerDestination } = settings;
    const paced = ratePerDestination === null ? 0 : ahead * MINUTE_MS / ratePerDestination;
    const turn = 0.5 * Math.max(paced, ahead * attemptMs / upperWindow(settings));
    const delay = answers || paced > 0 ? turn : Math.min(turn, 4 * silentMs);
    return Math.ceil(Math.min(MAX_PUT_OFF_MS, Math.max(MIN_PUT_OFF_MS, delay)));
  }

  /** Nothing is worth keeping: idle, not dead or dead long ago, and it bears about what any host does. */
  isForgettable(now: number, settings: QueueSettings): boolean {
    const window = this.#window ?? settings.concurrencyPerDestination;
    return this.isIdle(now) && Math.abs(window - settings.concurrencyPerDestination) < 1;
  }

  /** Nobody waits for it, and it is not dead or was so long ago. */
  isIdle(now: number): boolean {
    if (this.running > 0 || this.waiting.length > 0 || now < this.#pacedUntil) return false;
    return this.#failures === 0 || now > this.#blockedUntil + 60 * 60_000;
  }

  /** The next job whose turn it is. */
  next(): Job | undefined {
    return this.waiting.next();
  }
}

function upperWindow({ concurrencyPerDestination, maxConcurrencyPerDestination }: QueueSettings): number {
  return Math.max(concurrencyPerDestination, maxConcurrencyPerDestination);
}
