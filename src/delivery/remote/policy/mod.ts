/**
 * TLS policy: how good a connection must be before mail for a domain goes over it.
 *
 * For each host the strictest of these holds, in this order of what decides about the certificate: DANE (RFC 7672), MTA-STS
 * (RFC 8461), REQUIRETLS of the message (RFC 8689), the best level seen before (`tls_memory`); else TLS is used where it is offered.
 * DANE stands above MTA-STS: where a host has TLSA records, these alone say which certificate is good.
 *
 * What a policy forbids is always a temporary failure, except for REQUIRETLS: the mistake may be the other side's, and it is
 * theirs to mend; what was refused here never goes out in clear by another way, a fallback relay included. Every session is
 * counted for reports (RFC 8460).
 *
 * @module
 */
import type { Resolver } from "../../../core/ports.ts";
import { lookUpDane, tlsaText } from "./dane.ts";
import type { TlsFailure } from "./failure_type.ts";
import { OPPORTUNISTIC, type PolicyName, type TlsRequirement } from "./requirement.ts";
import type { Sts, StsResult } from "./sts.ts";
import { listsHost, type StsPolicy } from "./sts_policy.ts";
import type { TlsLevel, TlsMemory } from "./tls_memory.ts";
import type { TlsResult, TlsResults } from "./tls_results.ts";

export { judge, OPPORTUNISTIC, type TlsRequirement, type TlsVerdict } from "./requirement.ts";
export { Sts } from "./sts.ts";
export { TlsMemory } from "./tls_memory.ts";
export { TlsResults } from "./tls_results.ts";

/** What is known of a domain before any of its hosts is asked. */
export interface DomainPolicy {
  readonly domain: string;
  readonly sts: StsResult;
  readonly remembered: TlsLevel | null;
}

export interface PolicyHost {
  readonly name: string;
  readonly port: number;
  /** The MX answer and the addresses were proved by DNSSEC. */
  readonly authentic: boolean;
  /** The name that it is an alias of; null when it is none. */
  readonly canonical: string | null;
}

/** What holds for one host, and under which policy a report counts it. */
export interface HostPolicy {
  readonly requirement: TlsRequirement;
  /** The host may not be used at all. */
  readonly refusal: TlsFailure | null;
  readonly report: Pick<TlsResult, "domain" | "policyType" | "policy">;
  /** Goes into the report although mail may pass: a policy in testing mode does not list the host. */
  readonly remark: TlsFailure | null;
}

export interface PolicyDeps {
  readonly resolver: Resolver;
  readonly sts: Sts;
  readonly memory: TlsMemory;
  readonly results: TlsResults;
}

export interface PolicySwitches {
  readonly dane: boolean;
  readonly mtaSts: boolean;
  readonly tlsMemory: boolean;
}

export class Policies {
  readonly #deps: PolicyDeps;

  constructor(deps: PolicyDeps) {
    this.#deps = deps;
  }

  async ofDomain(domain: string, { mtaSts, tlsMemory }: PolicySwitches): Promise<DomainPolicy> {
    const { sts, memory } = this.#deps;
    const isName = !domain.startsWith("[");
    const [found, remembered] = await Promise.all([
      mtaSts && isName ? sts.find(domain) : { policy: null, failure: null },
      tlsMemory ? memory.level(domain) : null,
    ]);
    if (found.failure !== null && found.policy === null) {
      this.#deps.results.record({
        domain,
        policyType: "sts",
        policy: [],
        host: null,
        failure: found.failure.type,
      });
    }
    return { domain, sts: found, remembered };
  }

  async ofHost(
    host: PolicyHost,
    domainPolicy: DomainPolicy,
    options: { readonly dane: boolean; readonly requireTls: boolean; readonly signal: AbortSignal },
  ): Promise<HostPolicy> {
    const { domain, sts } = domainPolicy;
    if (options.dane && host.authentic) {
      const found = await lookUpDane(host, { resolver: this.#deps.resolver, signal: options.signal });
      if (found.kind === "failed") {
        return refused(found.failure, { domain, policyType: "tlsa", policy: [] });
      }
      if (found.kind === "dane") {
        const isUsable = found.usable.length > 0;
        const requirement: TlsRequirement = {
          policy: "dane",
          level: isUsable ? "verified" : "encrypted",
          dane: isUsable ? found.usable : null,
          // RFC 7672 section 3.2.2.
          names: [...new Set([found.base, host.name, domain])],
          ...(isUsable ? { servername: found.base } : {}),
        };
        const report = { domain, policyType: "tlsa", policy: found.all.map(tlsaText) } as const;
        return { ...accepted(raise(requirement, domainPolicy, options)), report };
      }
    }
    const report = sts.policy === null
      ? { domain, policyType: "no-policy-found", policy: [] } as const
      : { domain, policyType: "sts", policy: policyLines(sts.policy) } as const;
    if (sts.policy === null) return { ...accepted(raise(OPPORTUNISTIC, domainPolicy, options)), report };
    const remark = listsHost(sts.policy, host.name) ? null : unlisted(domain);
    const enforced = sts.policy.mode === "enforce";
    if (enforced && remark !== null) return refused(remark, report);
    const requirement: TlsRequirement = {
      ...OPPORTUNISTIC,
      policy: enforced ? "sts" : "sts-testing",
      level: enforced ? "verified" : "any",
    };
    return { ...accepted(raise(requirement, domainPolicy, options)), report, remark };
  }

  record(result: TlsResult): void {
    this.#deps.results.record(result);
  }

  remember(domain: string, level: TlsLevel): Promise<void> {
    return this.#deps.memory.note(domain, level);
  }
}

/**
 * RFC 8689 section 4.2.1: a certificate counts only for a name that DNSSEC or an MTA-STS policy vouches for; else whoever forges
 * the MX record also chooses the name that the certificate is for.
 */
export function isNameProven(
  host: { readonly name: string; readonly isNameProven: boolean },
  { sts }: DomainPolicy,
): boolean {
  return host.isNameProven || (sts.policy !== null && listsHost(sts.policy, host.name));
}

function accepted(requirement: TlsRequirement): Omit<HostPolicy, "report"> {
  return { requirement, refusal: null, remark: null };
}

function refused(refusal: TlsFailure, report: HostPolicy["report"]): HostPolicy {
  return { requirement: OPPORTUNISTIC, refusal, report, remark: null };
}

/** What the message, or what was seen before, asks for on top. */
function raise(
  requirement: TlsRequirement,
  { remembered }: DomainPolicy,
  { requireTls }: { readonly requireTls: boolean },
): TlsRequirement {
  if (requireTls) return atLeast(requirement, "verified", "requiretls");
  return remembered === null ? requirement : atLeast(requirement, remembered, "memory");
}

export function atLeast(requirement: TlsRequirement, level: TlsLevel, policy: PolicyName): TlsRequirement {
  if (requirement.level === "verified" || requirement.level === level) return requirement;
  return { ...requirement, level, policy };
}

function unlisted(domain: string): TlsFailure {
  return { type: "validation-failure", text: `the MTA-STS policy of ${domain} does not list it` };
}

function policyLines({ mode, mx, maxAgeMs }: StsPolicy): string[] {
  const hosts = mx.map((pattern) => `mx: ${pattern}`);
  return ["version: STSv1", `mode: ${mode}`, ...hosts, `max_age: ${maxAgeMs / 1000}`];
}
