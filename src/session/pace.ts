import type { Clock } from "../core/ports.ts";

/** How long a session works before it lets the others have the thread (DESIGN.md section 4: never more than 10 ms). */
const SLICE_MS = 5;

/** Lets a long loop give the thread away now and then. */
export class Pace {
  readonly #clock: Clock;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** Call at the start of a loop. */
  begin(): void {
    this.#since = this.#clock.now();
  }

  /** Whether `rest` would give the thread away. */
  get isDue(): boolean {
    return this.#clock.now() - this.#since >= SLICE_MS;
  }

  /** Waits for what another thread does. Meanwhile others have this one, so that time does not count. */
  async outside<T>(wait: Promise<T>): Promise<T> {
    const since = this.#clock.now();
    try {
      return await wait;
    } finally {
      this.#since += this.#clock.now() - since;
    }
  }

  /** The items as they come, each waited for like that. */
  async *over<T>(items: AsyncIterable<T>): AsyncGenerator<T, void> {
    let since = this.#clock.now();
    for await (const item of items) {
      this.#since += this.#clock.now() - since;
      yield item;
      since = this.#clock.now();
    }
  }

  /** Call once per step; resolves at once as long as there is time left. */
  async rest(): Promise<void> {
    if (!this.isDue) return;
    // Only a timer lets the runtime look at its sockets: `setImmediate` is a turn too, but sixty of them can pass, each
    // as long as our slice, before anybody else's bytes are read.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#since = this.#clock.now();
  }
}
