import { MAX_TIMER_MS } from "./system.ts";

/**
 * A time limit that is set and lifted for every read of a connection. Setting and lifting only writes a number: one
 * timer runs at most, is left running when the limit is lifted, and finds out when it fires whether it came too early.
 */
export class Deadline {
  #onExpire: () => void;
  #at = Infinity;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #firesAt = Infinity;

  constructor(onExpire: () => void) {
    this.#onExpire = onExpire;
  }

  set(ms: number): void {
    const now = performance.now();
    this.#at = now + ms;
    if (this.#firesAt <= this.#at) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#arm(now);
  }

  lift(): void {
    this.#at = Infinity;
  }

  /** Lifts the limit and ends the timer, which otherwise keeps the process alive. */
  stop(): void {
    this.#at = Infinity;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#firesAt = Infinity;
  }

  #arm(now: number): void {
    // A timer may fire a fraction of a millisecond early; the next one then should not be a busy loop.
    const delay = Math.min(Math.max(Math.ceil(this.#at - now), 1), MAX_TIMER_MS);
    this.#firesAt = now + delay;
    this.#timer = setTimeout(this.#fire, delay);
  }

  #fire = (): void => {
    this.#timer = null;
    this.#firesAt = Infinity;
    if (this.#at === Infinity) return;
    const now = performance.now();
    if (now < this.#at) return this.#arm(now);
    this.#at = Infinity;
    this.#onExpire();
  };
}
