import { reply } from "../../core/reply.ts";
import type { Attempt } from "../../queue/courier.ts";
import { connectFailure, HostFailure, isLost, PolicyFailure } from "./failure.ts";
import { dialFirst } from "./dial.ts";
import { dialTarget, type OpenOptions, openPeer } from "./open_peer.ts";
import type { CourierParts } from "./parts.ts";
import { describeTarget, type Peer, type Target } from "./peer.ts";
import type { TlsFailure } from "./policy/failure_type.ts";
import {
  atLeast,
  type DomainPolicy,
  type HostPolicy,
  isNameProven,
  judge,
  OPPORTUNISTIC,
  type TlsRequirement,
  type TlsVerdict,
} from "./policy/mod.ts";
import type { RelaySettings } from "./settings.ts";
import type { HostTarget } from "./targets.ts";

/** A connection that satisfies the policy. */
export interface ReadyPeer {
  readonly peer: Peer;
  readonly requirement: TlsRequirement;
  readonly verdict: TlsVerdict;
}

export interface HostOptions {
  readonly attempt: Attempt;
  readonly relay: RelaySettings | null;
  /** Null on the way to a relay, which the configuration has named. */
  readonly domainPolicy: DomainPolicy | null;
  readonly log: OpenOptions["log"];
  readonly signal: AbortSignal;
}

/**
 * One host of a route: what its policy asks for, kept connections to it, and new ones, until its addresses are used up. Every
 * failure is reported by `onFailure`; what went well or not with TLS is counted here.
 */
export class Host {
  readonly #host: HostTarget;
  readonly #parts: CourierParts;
  readonly #options: HostOptions;
  /** What no connection was tried to yet. */
  #addresses: readonly string[];
  #policy: HostPolicy | null = null;
  #requirement: TlsRequirement = OPPORTUNISTIC;

  constructor(host: HostTarget, parts: CourierParts, options: HostOptions) {
    this.#host = host;
    this.#parts = parts;
    this.#options = options;
    this.#addresses = host.addresses;
  }

  /** Finds out what is required; a failure when the host must not be used. */
  async prepare(): Promise<PolicyFailure | null> {
    const { attempt, relay, domainPolicy, signal } = this.#options;
    const requireTls = attempt.requireTls === true;
    if (domainPolicy === null) {
      this.#requirement = relayRequirement(relay, requireTls);
      return null;
    }
    if (requireTls && !isNameProven(this.#host, domainPolicy)) {
      const words =
        `Neither DNSSEC nor MTA-STS vouches for the mail host ${this.#host.name}, and the sender ` +
        "asked for REQUIRETLS";
      return new PolicyFailure(reply(550, "5.7.10", words), { target: null, flaw: null });
    }
    const { dane } = this.#parts.deps.settings.current;
    const policy = await this.#parts.policies.ofHost(this.#host, domainPolicy, { dane, requireTls, signal });
    this.#policy = policy;
    this.#requirement = policy.requirement;
    if (policy.refusal === null) return null;
    this.#count(policy.refusal.type, null, policy.refusal);
    const words = `The mail host ${this.#host.name} cannot be used: ${policy.refusal.text}`;
    return new PolicyFailure(reply(451, "4.7.5", words), { target: null, flaw: policy.refusal });
  }

  /** A kept connection that is good enough, or null. */
  takeIdle(): ReadyPeer | null {
    for (const address of this.#host.addresses) {
      for (;;) {
        const peer = this.#parts.pool.take(this.#target(address));
        if (peer === null) break;
        const verdict = this.#judge(peer);
        if (verdict.isEnough) return { peer, requirement: this.#requirement, verdict };
        peer.quit();
      }
    }
    return null;
  }

  get hasMore(): boolean {
    return this.#addresses.length > 0;
  }

  /** A new connection to one of the addresses left; null when that came to nothing. */
  async open(onFailure: (target: Target, failure: HostFailure) => void): Promise<ReadyPeer | null> {
    const { deps, trust } = this.#parts;
    const { log, signal } = this.#options;
    const { first, failures } = await dialFirst(this.#addresses, {
      dial: (address, signal) => dialTarget(this.#target(address), deps, signal),
      clock: deps.clock,
      headStartMs: deps.settings.current.headStartMs,
      signal,
    });
    this.#addresses = this.#addresses.filter((address) =>
      address !== first?.address && !failures.has(address)
    );
    for (const [address, error] of failures) {
      onFailure(this.#target(address), this.#dialFailure(address, error));
    }
    if (first === null) {
      // Nothing is left, or we are being stopped.
      this.#addresses = [];
      return null;
    }
    const target = this.#target(first.address);
    try {
      const requirement = this.#requirement;
      const peer = await openPeer({ target, conn: first.conn }, deps, {
        requirement,
        trust: trust.current,
        log,
        signal,
      });
      const verdict = this.#judge(peer);
      this.#countOpened(peer, verdict);
      return { peer, requirement, verdict };
    } catch (error) {
      if (!(error instanceof HostFailure)) throw error;
      if (error instanceof PolicyFailure && error.flaw !== null) {
        this.#count(error.flaw.type, target.address, error.flaw);
      }
      onFailure(target, error);
      return null;
    }
  }

  #judge(peer: Peer): TlsVerdict {
    return judge(this.#requirement, peer.tls, this.#parts.deps.clock.now());
  }

  #target(address: string): Target {
    const { name, port } = this.#host;
    return { name, address, port, relay: this.#options.relay };
  }

  #dialFailure(address: string, error: unknown): HostFailure {
    if (!isLost(error)) throw error;
    const { name, port } = this.#host;
    return connectFailure(`${describeTarget({ name, address })}:${port}`, error);
  }

  #countOpened(peer: Peer, verdict: TlsVerdict): void {
    const result = verdict.verified ?? (peer.tls === null ? "clear" : "encrypted");
    this.#count(result, peer.target.address, this.#flawForReport(peer, verdict));
  }

  /** What a report calls a failure although mail may pass (RFC 8460 section 4.3). */
  #flawForReport(peer: Peer, { flaw }: TlsVerdict): TlsFailure | null {
    switch (this.#policy?.report.policyType) {
      case "sts":
        return this.#policy.remark ?? flaw;
      case "tlsa":
        return this.#requirement.dane === null ? UNUSABLE : flaw;
      default:
        return peer.tls === null ? flaw : null;
    }
  }

  #count(result: string, address: string | null, failure: TlsFailure | null): void {
    const { deps: { metrics }, policies } = this.#parts;
    const policy = this.#policy?.refusal === null || this.#policy === null
      ? this.#requirement.policy
      : this.#policy.report.policyType === "tlsa"
      ? "dane"
      : "sts";
    metrics.count("mailden_outbound_tls_total", { policy, result });
    if (this.#policy === null) return;
    const host = address === null ? null : { name: this.#host.name, address };
    policies.record({ ...this.#policy.report, host, failure: failure?.type ?? null });
  }
}

const UNUSABLE: TlsFailure = { type: "tlsa-invalid", text: "none of its TLSA records can be used" };

/** With a password at stake, or when it was asked for, the certificate must be good. */
function relayRequirement(relay: RelaySettings | null, requireTls: boolean): TlsRequirement {
  const requirement: TlsRequirement = { ...OPPORTUNISTIC, policy: "relay" };
  if (relay !== null && (relay.tls !== "opportunistic" || relay.user !== null)) {
    return { ...requirement, level: "verified" };
  }
  return requireTls ? atLeast(requirement, "verified", "requiretls") : requirement;
}
