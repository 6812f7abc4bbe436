import type { Clock } from "../core/ports.ts";

/** How long a message is left alone that broke the connection more than once. */
const REST_MS = 6 * 3_600_000;
const MAX_TRACKED = 1000;

/**
 * The messages in the middle of which a connection broke. Once may be the network; what breaks it again must not keep all
 * that lies behind it from being fetched.
 */
export class StumblingBlocks {
  readonly #clock: Clock;
  readonly #blocks = new Map<string, { readonly count: number; readonly restsUntil: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until `passed` is called it may be the one that breaks the connection. */
  approach(uid: string): void {
    const count = (this.#blocks.get(uid)?.count ?? 0) + 1;
    const restsUntil = count === 1 ? 0 : this.#clock.now() + REST_MS;
    if (this.#blocks.size < MAX_TRACKED || this.#blocks.has(uid)) {
      this.#blocks.set(uid, { count, restsUntil });
    }
  }

  passed(uid: string): void {
    this.#blocks.delete(uid);
  }

  rests(uid: string): boolean {
    return (this.#blocks.get(uid)?.restsUntil ?? 0) > this.#clock.now();
  }

  /** Those that never broke anything first. */
  order<T>(items: readonly T[], uidOf: (item: T) => string): T[] {
    const clean = items.filter((item) => !this.#blocks.has(uidOf(item)));
    return [...clean, ...items.filter((item) => this.#blocks.has(uidOf(item)))];
  }
}
