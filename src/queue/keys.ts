import type { Clock } from "../core/ports.ts";
import type { Courier } from "./courier.ts";

const KEPT_MS = 5 * 60_000;
/** For this long nobody asks again about a domain that could not be looked up; it stands for itself then. */
const KEPT_AFTER_FAILURE_MS = 30_000;
const MAX_KEPT = 10_000;

/**
 * Which destination a domain belongs to, as its courier tells: domains that share their hosts share a line, a limit of
 * attempts and one knowledge of whether anybody is there. Of a domain that is not known yet nobody waits for the answer.
 */
export class DestinationKeys {
  readonly #courier: Courier;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly key: string; readonly until: number }>();
  readonly #asked = new Map<string, Promise<string>>();

  constructor(courier: Courier, clock: Clock) {
    this.#courier = courier;
    this.#clock = clock;
  }

  /** The key if it is known, or a promise of it that never rejects. */
  of(domain: string): string | Promise<string> {
    if (this.#courier.destinationOf === undefined) return domain;
    const known = this.#known.get(domain);
    if (known !== undefined && known.until > this.#clock.now()) return known.key;
    const asked = this.#asked.get(domain) ?? this.#ask(domain);
    // What was true a moment ago is better than to wait.
    return known?.key ?? asked;
  }

  #ask(domain: string): Promise<string> {
    const asked = Promise.resolve(this.#courier.destinationOf!(domain)).then(
      (key) => this.#keep(domain, key, KEPT_MS),
      () => this.#keep(domain, domain, KEPT_AFTER_FAILURE_MS),
    );
    this.#asked.set(domain, asked);
    return asked;
  }

  #keep(domain: string, key: string, ms: number): string {
    this.#asked.delete(domain);
    this.#known.delete(domain);
    this.#known.set(domain, { key, until: this.#clock.now() + ms });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KEPT) break;
      this.#known.delete(oldest);
    }
    return key;
  }
}
