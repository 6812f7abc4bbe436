/** The waiting line is full. */
export class TurnstileFullError extends Error {
  override readonly name = "TurnstileFullError";
}

/** Lets a few through at a time; the others wait in a line of bounded length. */
export class Turnstile {
  readonly #line: (() => void)[] = [];
  #inside = 0;

  /** Throws `TurnstileFullError` at once when `waiting` others stand in the line. */
  async run<T>(
    work: () => Promise<T>,
    limits: { readonly concurrent: number; readonly waiting: number },
  ): Promise<T> {
    if (this.#inside < limits.concurrent) this.#inside++;
    else await this.#queue(limits.waiting);
    try {
      return await work();
    } finally {
      // The place is handed on, so nobody can slip in between.
      const next = this.#line.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }

  #queue(waiting: number): Promise<void> {
    if (this.#line.length >= waiting) {
      throw new TurnstileFullError(`More than ${waiting} wait; try again later`);
    }
    return new Promise((resolve) => this.#line.push(resolve));
  }
}
