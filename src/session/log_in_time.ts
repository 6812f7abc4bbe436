import type { Clock } from "../core/ports.ts";

export interface LogInTimeOptions {
  readonly clock: Clock;
  readonly ms: number;
  readonly onTooLate: () => void;
}

/** The time that a client has to log in. It does not begin anew with each byte, so a slow client gains nothing. */
export class LogInTime {
  readonly #options: LogInTimeOptions;
  #over = new AbortController();

  constructor(options: LogInTimeOptions) {
    this.#options = options;
  }

  /** Runs from here on, also after a log-in that was given back. */
  begin(): void {
    this.end();
    this.#over = new AbortController();
    void this.#run(this.#over.signal);
  }

  /** Somebody is logged in, or the session is over. */
  end(): void {
    this.#over.abort();
  }

  async #run(over: AbortSignal): Promise<void> {
    const { clock, ms, onTooLate } = this.#options;
    await clock.sleep(ms, over);
    if (!over.aborted) onTooLate();
  }
}
