import type { Clock } from "../../core/ports.ts";
import type { ClientConn } from "../../net/connect.ts";

export interface DialOptions {
  /** Opens a connection to an address; rejects when that fails, soon after the signal aborts. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<ClientConn>;
  readonly clock: Clock;
  readonly headStartMs: number;
  readonly signal: AbortSignal;
}

export interface Dialled {
  /** The first connection that came about, and its address; null when none did. */
  readonly first: { readonly conn: ClientConn; readonly address: string } | null;
  /** By address, in the order in which they failed. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/**
 * Connects to whichever address answers first, each one a head start behind the one before it or at once when that one has failed
 * (RFC 8305 section 5): an address family that leads nowhere costs a moment and not a time-out.
 */
export async function dialFirst(addresses: readonly string[], options: DialOptions): Promise<Dialled> {
  const race = new Race(options);
  for (const [index, address] of addresses.entries()) {
    race.start(address);
    const isLast = index === addresses.length - 1;
    if (await race.wait({ headStart: !isLast })) break;
  }
  return await race.finish();
}

class Race {
  readonly #options: DialOptions;
  readonly #losers = new AbortController();
  readonly #failures = new Map<string, unknown>();
  #first: Dialled["first"] = null;
  #running = 0;
  #changed = Promise.withResolvers<void>();

  constructor(options: DialOptions) {
    this.#options = options;
  }

  start(address: string): void {
    this.#running++;
    const signal = AbortSignal.any([this.#options.signal, this.#losers.signal]);
    this.#options.dial(address, signal).then((conn) => {
      // Two may arrive at the same time; one is enough.
      if (this.#first !== null || this.#losers.signal.aborted) conn.close();
      else this.#first = { conn, address };
    }, (error) => {
      if (this.#first === null) this.#failures.set(address, error);
    }).finally(() => {
      this.#running--;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }

  /** Waits until one has arrived (true), or it is the next one's turn (false). */
  async wait({ headStart }: { readonly headStart: boolean }): Promise<boolean> {
    const { clock, headStartMs, signal } = this.#options;
    const timer = new AbortController();
    let isOver = false;
    const over = headStart ? clock.sleep(headStartMs, timer.signal).then(() => isOver = true) : null;
    const failedBefore = this.#failures.size;
    try {
      while (this.#first === null && this.#running > 0 && !signal.aborted) {
        await Promise.race([this.#changed.promise, ...over === null ? [] : [over]]);
        if (headStart && (isOver || this.#failures.size > failedBefore)) break;
      }
      return this.#first !== null || signal.aborted;
    } finally {
      timer.abort();
    }
  }

  async finish(): Promise<Dialled> {
    if (this.#first === null) await this.wait({ headStart: false });
    this.#losers.abort();
    return { first: this.#first, failures: this.#failures };
  }
}
