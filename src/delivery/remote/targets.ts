import { type Reply, reply } from "../../core/reply.ts";
import { type FoundAddresses, type HostAddresses, resolveHost } from "./addresses.ts";
import type { RemoteCourierDeps } from "./deps.ts";
import type { Route, RouteHost } from "./mx.ts";

/** One host of a route, with as many of its addresses as may be tried. */
export interface HostTarget {
  readonly name: string;
  readonly port: number;
  readonly addresses: readonly string[];
  /** DNSSEC proved that it is a host of the domain, and that these are its addresses. */
  readonly authentic: boolean;
  /** The name that it is an alias of; null when it is none. */
  readonly canonical: string | null;
  /** DNSSEC proved that the domain names this host; or it is the domain's own name, which needs no proof. */
  readonly isNameProven: boolean;
}

/**
 * The hosts of a route, in the order in which they are to be tried. Names are looked up only when their turn has
 * come. Ends at the first group of hosts to which we belong ourselves: those behind it would only send the mail back
 * to us (RFC 5321 section 5.1).
 */
export class Targets {
  readonly #domain: string;
  readonly #route: Extract<Route, { kind: "hosts" }>;
  readonly #deps: RemoteCourierDeps;
  readonly #signal: AbortSignal;
  readonly #isRelay: boolean;
  #found = 0;
  #loops = false;
  #lookupError: string | null = null;

  constructor(
    domain: string,
    route: Extract<Route, { kind: "hosts" }>,
    options: { readonly deps: RemoteCourierDeps; readonly isRelay: boolean; readonly signal: AbortSignal },
  ) {
    this.#domain = domain;
    this.#route = route;
    this.#deps = options.deps;
    this.#isRelay = options.isRelay;
    this.#signal = options.signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HostTarget> {
    const { maxHosts, maxAddresses } = this.#deps.settings.current;
    let hosts = 0;
    for (const group of this.#route.groups) {
      const some = group.slice(0, maxHosts - hosts);
      hosts += some.length;
      const resolved = await Promise.all(some.map((host) => this.#resolve(host)));
      if (some.some((host, index) => this.#isOurs(host, resolved[index]!.addresses))) {
        this.#loops = true;
        return;
      }
      for (const [index, { name, port }] of some.entries()) {
        const { addresses: all, authentic, canonical } = resolved[index]!;
        const addresses = all.slice(0, maxAddresses - this.#found);
        this.#found += addresses.length;
        if (addresses.length === 0) continue;
        const { authentic: route, implicit } = this.#route;
        const proof = { authentic: route && authentic, isNameProven: route || implicit };
        yield { name, port, addresses, canonical, ...proof };
      }
    }
  }

  /** What to say when the iteration gave nothing. */
  get deadEnd(): Reply {
    if (this.#loops) return reply(554, "5.4.6", `Mail for ${this.#domain} would come back to this server`);
    if (this.#lookupError !== null) {
      return reply(
        451,
        "4.4.3",
        `Cannot look up the mail hosts of ${this.#domain} now: ${this.#lookupError}`,
      );
    }
    return this.#route.implicit
      ? reply(550, "5.1.2", `The domain ${this.#domain} has no mail server`)
      : reply(550, "5.4.4", `The mail hosts of ${this.#domain} do not exist`);
  }

  async #resolve(host: RouteHost): Promise<Omit<FoundAddresses, "kind">> {
    const { resolver, settings } = this.#deps;
    const found: HostAddresses = await resolveHost(host, {
      resolver,
      ipv6: settings.current.ipv6,
      signal: this.#signal,
    });
    if (found.kind === "error") this.#lookupError = found.reason;
    return found.kind === "found" ? found : { addresses: [], authentic: false, canonical: null };
  }

  /** By its address; and by its name, because behind a router we do not know all our addresses. */
  #isOurs({ name, port }: RouteHost, addresses: readonly string[]): boolean {
    if (!this.#isRelay && name === this.#deps.hostname.toLowerCase()) return true;
    return addresses.some((address) => this.#deps.isOwnListener(address, port));
  }
}
