import type { ReversePath } from "../../core/address.ts";
import type { RelaySettings, RemoteSettings } from "./settings.ts";

/** The way that the configuration prescribes; null: the hosts that the DNS names. */
export function chooseRelay(
  mail: { readonly sender: ReversePath; readonly domain: string },
  { routes, relay }: Pick<RemoteSettings, "routes" | "relay">,
): RelaySettings | null {
  for (const { to, from, via } of routes) {
    if (to !== null && !fits(to, mail.domain)) continue;
    if (from !== null && (mail.sender === null || !fits(from, mail.sender.domain))) continue;
    return via === "direct" ? null : via;
  }
  return relay;
}

function fits(patterns: readonly string[], domain: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === "*") return true;
    return pattern.startsWith("*.") ? domain.endsWith(pattern.slice(1)) : pattern === domain;
  });
}
