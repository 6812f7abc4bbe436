import ipaddr from "ipaddr.js";
import type { Live } from "../core/ports.ts";

/** A list of address ranges, such as `10.0.0.0/8`, `2001:db8::/32` or a single address. */
export class Networks {
  readonly #ranges: readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[];

  /** Throws for what is no range. */
  constructor(ranges: readonly string[]) {
    this.#ranges = ranges.map(parseNetwork);
  }

  has(host: string): boolean {
    if (this.#ranges.length === 0 || !ipaddr.isValid(host)) return false;
    const address = ipaddr.process(host);
    return this.#ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
  }
}

function parseNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (text.includes("/")) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** Ranges that a reload may replace; they are parsed once for each list. */
export function liveNetworks(ranges: Live<readonly string[]>): Live<Networks> {
  let from: readonly string[] | null = null;
  let networks = new Networks([]);
  return {
    get current() {
      const { current } = ranges;
      if (current !== from) networks = new Networks(current);
      from = current;
      return networks;
    },
  };
}
