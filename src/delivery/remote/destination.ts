import type { RemoteCourierDeps } from "./deps.ts";
import { findRoute } from "./mx.ts";
import { chooseRelay } from "./routes.ts";

/**
 * The name under which the queue keeps the mail of a domain: the relay that it goes to, or its hosts in order, so that domains
 * with the same hosts are one destination. Where the way depends on the sender, or none is found, the domain stands for itself.
 */
export async function destinationOf(
  domain: string,
  { resolver, random, settings }: Pick<RemoteCourierDeps, "resolver" | "random" | "settings">,
): Promise<string> {
  const { routes, port, fallbackRelay } = settings.current;
  if (routes.some(({ from }) => from !== null) || fallbackRelay !== null) return domain;
  const relay = chooseRelay({ sender: null, domain }, settings.current);
  if (relay !== null) return `${relay.host}:${relay.port}`;
  const route = await findRoute(domain, { resolver, random, port, signal: new AbortController().signal });
  if (route.kind === "answer") return domain;
  return route.groups.map((group) => group.map(({ name }) => name).sort().join(",")).join(";");
}
