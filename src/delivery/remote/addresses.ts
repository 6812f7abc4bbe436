import { isIP } from "node:net";
import { DnsError } from "../../core/errors.ts";
import type { DnsAnswer, Resolver } from "../../core/ports.ts";
import type { RouteHost } from "./mx.ts";

export type HostAddresses =
  | { readonly kind: "found"; readonly addresses: readonly string[] }
  | { readonly kind: "none" }
  | { readonly kind: "error"; readonly reason: string };

/** The addresses of a host, IPv6 and IPv4 in turn, so that one of them being broken costs one try and not all. */
export async function resolveHost(
  host: RouteHost,
  { resolver, ipv6, signal }: {
    readonly resolver: Resolver;
    readonly ipv6: boolean;
    readonly signal: AbortSignal;
  },
): Promise<HostAddresses> {
  if (host.addresses !== null) return { kind: "found", addresses: host.addresses };
  if (isIP(host.name) !== 0) return { kind: "found", addresses: [host.name] };
  const [six, four] = await Promise.all([
    ipv6 ? ask(resolver.aaaa(host.name, signal)) : [],
    ask(resolver.a(host.name, signal)),
  ]);
  const addresses = interleave(six instanceof DnsError ? [] : six, four instanceof DnsError ? [] : four);
  if (addresses.length > 0) return { kind: "found", addresses };
  const error = [six, four].find((result) => result instanceof DnsError);
  return error === undefined ? { kind: "none" } : { kind: "error", reason: error.message };
}

async function ask(asked: Promise<DnsAnswer<string>>): Promise<readonly string[] | DnsError> {
  try {
    return (await asked).records;
  } catch (error) {
    if (error instanceof DnsError) return error;
    throw error;
  }
}

function interleave(first: readonly string[], second: readonly string[]): string[] {
  const mixed: string[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    if (i < first.length) mixed.push(first[i]!);
    if (i < second.length) mixed.push(second[i]!);
  }
  return mixed;
}
