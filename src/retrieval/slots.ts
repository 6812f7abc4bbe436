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
      this.#waiting.push(turn.resolve);
      const wake = () => turn.resolve();
      signal.addEventListener("abort", wake);
      await turn.promise;
      signal.removeEventListener("abort", wake);
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
