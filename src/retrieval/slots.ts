import type { Live } from "../core/ports.ts";

/** So many at a time, and the others in the order in which they came. */
export class Slots {
  readonly #limit: Live<number>;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limit: Live<number>) {
    this.#limit = limit;
  }

  /** Resolves with what gives the slot back, or with null when the signal aborts first. */
  async take(signal: AbortSignal): Promise<(() => void) | null> {
    while (this.#taken >= this.#limit.current) {
      if (signal.aborted) return null;
      const turn = Promise.withResolvers<void>();
      const wake = () => turn.resolve();
      this.#waiting.push(wake);
      signal.addEventListener("abort", wake);
      await turn.promise;
      signal.removeEventListener("abort", wake);
      // Who has left must not be called in another's place.
      const place = this.#waiting.indexOf(wake);
      if (place >= 0) this.#waiting.splice(place, 1);
    }
    if (signal.aborted) {
      this.#waiting.shift()?.();
      return null;
    }
    this.#taken++;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken--;
      this.#waiting.shift()?.();
    };
  }
}
