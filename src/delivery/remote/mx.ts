import { DnsError } from "../../core/errors.ts";
import type { DnsAnswer, MxRecord, Random, Resolver } from "../../core/ports.ts";
import { type Reply, reply } from "../../core/reply.ts";

/** A host that takes mail for a domain. */
export interface RouteHost {
  readonly name: string;
  /** Known without asking, for an address literal; else null. */
  readonly addresses: readonly string[] | null;
  readonly port: number;
}

export type Route =
  /** In the order in which they are to be tried; hosts of one group have the same preference and are shuffled. */
  | {
    readonly kind: "hosts";
    readonly groups: readonly (readonly RouteHost[])[];
    /** There is no MX, so the domain itself is the host (RFC 5321 section 5.1). */
    readonly implicit: boolean;
    /** DNSSEC proved that these are the hosts. */
    readonly authentic: boolean;
  }
  /** The search ended here, for all recipients of the domain. */
  | { readonly kind: "answer"; readonly reply: Reply };

export interface RouteDeps {
  readonly resolver: Resolver;
  readonly random: Random;
  readonly port: number;
  readonly signal: AbortSignal;
}

/** Finds the hosts of a domain (RFC 5321 section 5.1, RFC 7505). */
export async function findRoute(domain: string, deps: RouteDeps): Promise<Route> {
  if (domain.startsWith("[")) return literalRoute(domain, deps.port);
  let answer: DnsAnswer<MxRecord>;
  try {
    answer = await deps.resolver.mx(domain, deps.signal);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return {
      kind: "answer",
      reply: reply(451, "4.4.3", `Cannot look up the mail hosts of ${domain} now: ${error.message}`),
    };
  }
  if (answer.kind === "nxdomain") {
    return { kind: "answer", reply: reply(550, "5.1.2", `The domain ${domain} does not exist`) };
  }
  if (answer.records.length === 0) {
    return {
      kind: "hosts",
      groups: [[{ name: domain, addresses: null, port: deps.port }]],
      implicit: true,
      authentic: answer.authentic,
    };
  }
  // A null MX beside others contradicts itself (RFC 7505 section 3); the others count then.
  const records = answer.records.filter((record) => record.host !== "");
  if (records.length === 0) {
    return { kind: "answer", reply: reply(556, "5.1.10", `The domain ${domain} does not accept mail`) };
  }
  return {
    kind: "hosts",
    groups: groupByPreference(records, deps),
    implicit: false,
    authentic: answer.authentic,
  };
}

/** `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3); the address parser has checked the inside. */
function literalRoute(domain: string, port: number): Route {
  const address = domain.replace(/^\[(?:IPv6:)?|\]$/gi, "");
  return {
    kind: "hosts",
    groups: [[{ name: domain, addresses: [address], port }]],
    implicit: false,
    authentic: false,
  };
}

function groupByPreference(records: readonly MxRecord[], { random, port }: RouteDeps): RouteHost[][] {
  const groups = new Map<number, RouteHost[]>();
  const seen = new Set<string>();
  for (const { preference, host } of [...records].sort((a, b) => a.preference - b.preference)) {
    if (seen.has(host)) continue;
    seen.add(host);
    const group = groups.get(preference) ?? [];
    group.push({ name: host, addresses: null, port });
    groups.set(preference, group);
  }
  return [...groups.values()].map((group) => shuffle(group, random));
}

/** Spreads the load over hosts of the same preference (RFC 5321 section 5.1). */
function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random.fraction() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
