/** What one look at a source came to. */
export interface Sweep {
  readonly fetched: number;
  /** Already here under another number. */
  readonly known: number;
  /** Stay where they are: too large, refused, or broken. */
  readonly left: number;
  readonly deleted: number;
  /** There is more, and others have waited. */
  readonly more: boolean;
  /** What went wrong though the rest went well, in plain words; null for nothing. */
  readonly problem: string | null;
}

/** An open connection to a source, logged in. */
export interface Visit {
  /** Fetches what is new and deletes what is due. Throws `RetrievalError` and what a lost connection throws. */
  sweep(): Promise<Sweep>;
  /** Whether it can be told of new mail. */
  readonly canIdle: boolean;
  /** Resolves when there is new mail, after so long, or when the signal aborts. */
  idle(ms: number, signal: AbortSignal): Promise<void>;
  /** Breaks off at once: whatever is under way fails. */
  abandon(): void;
  /** Says goodbye, and makes deletions final; safe to call after an error. */
  leave(): Promise<void>;
}

/** Counts of a sweep while it goes on. */
export class Tally {
  fetched = 0;
  known = 0;
  left = 0;
  deleted = 0;
  #problem: string | null = null;

  /** The first one is told. */
  note(problem: string): void {
    this.#problem ??= problem;
  }

  add(result: "stored" | "known" | "refused"): void {
    if (result === "stored") this.fetched++;
    else if (result === "known") this.known++;
    else this.left++;
  }

  sweep(more: boolean): Sweep {
    const { fetched, known, left, deleted } = this;
    return { fetched, known, left, deleted, more, problem: this.#problem };
  }
}
