import type { Live } from "../../core/ports.ts";
import { type ClientTrust, makeClientTrust } from "../../net/tls/trust.ts";
import type { RemoteCourierDeps } from "./deps.ts";
import { FallbackMemory } from "./fallback.ts";
import { Policies, Sts, TlsMemory, TlsResults } from "./policy/mod.ts";
import { PeerPool } from "./pool.ts";

/** What all attempts of a courier share. */
export interface CourierParts {
  readonly deps: RemoteCourierDeps;
  readonly pool: PeerPool;
  readonly policies: Policies;
  readonly fallback: FallbackMemory;
  readonly trust: Live<ClientTrust>;
  close(): void;
}

export function makeParts(deps: RemoteCourierDeps): CourierParts {
  const pool = new PeerPool(deps);
  const trust = new LiveTrust(deps.settings);
  const sts = new Sts({ ...deps, trust });
  const results = new TlsResults(deps);
  return {
    deps,
    pool,
    policies: new Policies({ ...deps, sts, results, memory: new TlsMemory(deps) }),
    fallback: new FallbackMemory(deps.facts),
    trust,
    close() {
      pool.close();
      sts.close();
      void results.flush();
    },
  };
}

/** Made once for each set of authorities: they are many, and every connection needs them. */
class LiveTrust implements Live<ClientTrust> {
  readonly #settings: Live<{ readonly authorities: string | null }>;
  #made: { readonly authorities: string | null; readonly trust: ClientTrust } | null = null;

  constructor(settings: Live<{ readonly authorities: string | null }>) {
    this.#settings = settings;
  }

  get current(): ClientTrust {
    const { authorities } = this.#settings.current;
    if (this.#made?.authorities !== authorities) {
      this.#made = { authorities, trust: makeClientTrust(authorities) };
    }
    return this.#made!.trust;
  }
}
