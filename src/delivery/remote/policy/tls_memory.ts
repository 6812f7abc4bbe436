import type { Clock, Log } from "../../../core/ports.ts";
import type { FactStore } from "../../../store/mod.ts";

export type TlsLevel = "encrypted" | "verified";

const SPACE = "tls-level";
/** A domain that was not written to for so long starts anew. */
const KEPT_MS = 90 * 86_400_000;
/** What is known already is written again only when it grew this old: not with every message. */
const REFRESH_MS = 86_400_000;

/** The best TLS that mail for a domain has gone out with. */
export class TlsMemory {
  readonly #facts: FactStore;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(deps: { readonly facts: FactStore; readonly clock: Clock; readonly log: Log }) {
    this.#facts = deps.facts;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  async level(domain: string): Promise<TlsLevel | null> {
    const fact = await this.#facts.get(SPACE, domain);
    return fact === null ? null : fact.value as TlsLevel;
  }

  /** A message for the domain was taken over such a connection. */
  async note(domain: string, level: TlsLevel): Promise<void> {
    try {
      const known = await this.#facts.get(SPACE, domain);
      const expiresAt = this.#clock.now() + KEPT_MS;
      const best = known?.value === "verified" ? "verified" : level;
      if (known?.value === best && known.expiresAt > expiresAt - REFRESH_MS) return;
      await this.#facts.put(SPACE, { key: domain, value: best, expiresAt });
    } catch (error) {
      // The message is delivered; that must not fail for a note about it.
      this.#log.warn("tls-level-not-kept", { domain, error: String(error) });
    }
  }
}
