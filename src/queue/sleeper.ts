import type { Clock } from "../core/ports.ts";

/** A sleep that can be ended from outside; a call that comes while nobody sleeps ends the next sleep at once. */
export class Sleeper {
  readonly #clock: Clock;
  #woken = false;
  #sleep: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#woken) {
      this.#sleep = new AbortController();
      await this.#clock.sleep(ms, this.#sleep.signal);
      this.#sleep = null;
    }
    this.#woken = false;
  }

  wake(): void {
    this.#woken = true;
    this.#sleep?.abort();
  }
}
