import { type Reply, reply } from "../../core/reply.ts";
import { type HostAddresses, resolveHost } from "./addresses.ts";
import type { RemoteCourierDeps } from "./deps.ts";
import type { Route, RouteHost } from "./mx.ts";
import type { Target } from "./peer.ts";

/**
 * The addresses of a route, in the order in which they are to be tried. Names are looked up only when their turn has
 * come. Ends at the first group of hosts to which we belong ourselves: those behind it would only send the mail back
 * to us (RFC 5321 section 5.1).
 */
export class Targets {
  readonly #domain: string;
  readonly #route: Extract<Route, { kind: "hosts" }>;
  readonly #deps: RemoteCourierDeps;
  readonly #signal: AbortSignal;
  #found = 0;
  #loops = false;
  #lookupError: string | null = null;

  constructor(
    domain: string,
    route: Extract<Route, { kind: "hosts" }>,
    options: { readonly deps: RemoteCourierDeps; readonly signal: AbortSignal },
  ) {
    this.#domain = domain;
    this.#route = route;
    this.#deps = options.deps;
    this.#signal = options.signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Target> {
    const { maxHosts, maxAddresses } = this.#deps.settings.current;
    let hosts = 0;
    for (const group of this.#route.groups) {
      const some = group.slice(0, maxHosts - hosts);
      hosts += some.length;
      const resolved = await Promise.all(some.map((host) => this.#resolve(host)));
      if (some.some((host, index) => this.#isOurs(host, resolved[index]!))) {
        this.#loops = true;
        return;
      }
      for (const [index, host] of some.entries()) {
        for (const address of resolved[index]!) {
          if (this.#found >= maxAddresses) return;
          this.#found++;
          yield { name: host.name, address, port: host.port };
        }
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

  async #resolve(host: RouteHost): Promise<readonly string[]> {
    const { resolver, settings } = this.#deps;
    const found: HostAddresses = await resolveHost(host, {
      resolver,
      ipv6: settings.current.ipv6,
      signal: this.#signal,
    });
    if (found.kind === "error") this.#lookupError = found.reason;
    return found.kind === "found" ? found.addresses : [];
  }

  #isOurs({ port }: RouteHost, addresses: readonly string[]): boolean {
    return addresses.some((address) => this.#deps.isOwnListener(address, port));
  }
}
