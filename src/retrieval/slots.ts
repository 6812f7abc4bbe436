import type { Live } from "../core/ports.ts";

/** So many at a time, and the others in the order in which they came: who gives a slot back and wants another waits, too. */
export class Slots {
  readonly #limit: Live<number>;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limit: Live<number>) {
    this.#limit = limit;
  }

  /** Resolves with what gives the slot back, or with null when the signal aborts first. */
  async take(signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null;
    const turn = Promise.withResolvers<boolean>();
    const enter = () => turn.resolve(true);
    const leave = () => {
      const place = this.#waiting.indexOf(enter);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      turn.resolve(false);
    };
    signal.addEventListener("abort", leave);
    this.#waiting.push(enter);
    this.#letIn();
    const isIn = await turn.promise;
    signal.removeEventListener("abort", leave);
    if (!isIn) return null;
    const release = this.#release();
    if (!signal.aborted) return release;
    release();
    return null;
  }

  /** The slot is theirs before they know of it, so that nobody can slip in between. */
  #letIn(): void {
    while (this.#taken < this.#limit.current && this.#waiting.length > 0) {
      this.#taken++;
      this.#waiting.shift()!();
    }
  }

  #release(): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken--;
      this.#letIn();
    };
  }
}
