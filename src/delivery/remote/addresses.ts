import { isIP } from "node:net";
import { DnsError } from "../../core/errors.ts";
import type { DnsAnswer, Resolver } from "../../core/ports.ts";
import type { RouteHost } from "./mx.ts";

export interface FoundAddresses {
  readonly kind: "found";
  readonly addresses: readonly string[];
  /** DNSSEC proved all of them. */
  readonly authentic: boolean;
  /** The name that the host is an alias of (CNAME), for both families; null when it is none. */
  readonly canonical: string | null;
}

export type HostAddresses =
  | FoundAddresses
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
  if (host.addresses !== null) return unproven(host.addresses);
  if (isIP(host.name) !== 0) return unproven([host.name]);
  const [six, four] = await Promise.all([
    ipv6 ? ask(resolver.aaaa(host.name, signal)) : NOT_ASKED,
    ask(resolver.a(host.name, signal)),
  ]);
  const answers = [six, four].filter((answer): answer is Asked => !(answer instanceof DnsError));
  const addresses = interleave(
    six instanceof DnsError ? [] : six.records,
    four instanceof DnsError ? [] : four.records,
  );
  // RFC 7672 section 2.2.2: what is used must be proved; a family without an address says nothing.
  const authentic = answers.every((answer) => answer.records.length === 0 || answer.authentic);
  if (addresses.length > 0) return { kind: "found", addresses, authentic, canonical: canonicalOf(answers) };
  const error = [six, four].find((result) => result instanceof DnsError);
  return error === undefined ? { kind: "none" } : { kind: "error", reason: error.message };
}

const NOT_ASKED = { records: [], authentic: false };

type Asked = Pick<DnsAnswer<string>, "records" | "authentic" | "canonical">;

function unproven(addresses: readonly string[]): FoundAddresses {
  return { kind: "found", addresses, authentic: false, canonical: null };
}

function canonicalOf(answers: readonly Asked[]): string | null {
  const names = answers.filter(({ records }) => records.length > 0).map(({ canonical }) => canonical ?? null);
  return names.every((name) => name === names[0]) ? names[0] ?? null : null;
}

async function ask(asked: Promise<DnsAnswer<string>>): Promise<Asked | DnsError> {
  try {
    return await asked;
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
