import type { TlsaRecord } from "../../../core/ports.ts";
import type { TlsPeer } from "../../../net/connect.ts";
import { verifyDane } from "./dane_verify.ts";
import { certificateFailure, type TlsFailure } from "./failure_type.ts";
import type { TlsLevel } from "./tls_memory.ts";

/** Who asks for TLS; it stands in the log and in the metrics. */
export type PolicyName = "none" | "dane" | "sts" | "sts-testing" | "memory" | "requiretls" | "relay";

/** The least that a connection to one host must have before mail goes over it. */
export interface TlsRequirement {
  readonly policy: PolicyName;
  /** `any`: TLS where it is offered, whatever the certificate, else in clear (RFC 7435). */
  readonly level: "any" | TlsLevel;
  /** Usable records: these decide whether the certificate is good, and nothing else does. */
  readonly dane: readonly TlsaRecord[] | null;
  /** The names that a certificate may have under DANE-TA. */
  readonly names: readonly string[];
  /** The name to ask for in the handshake, where it is not the host's own (RFC 7672 section 8.1). */
  readonly servername?: string;
}

export interface TlsVerdict {
  /** What vouches for the host: null when nothing does, or there is no TLS. */
  readonly verified: "dane" | "pkix" | null;
  /** Why the certificate, or the lack of TLS, is no good. It matters where the requirement is not met, and to reports. */
  readonly flaw: TlsFailure | null;
  /** Mail may go over this connection. */
  readonly isEnough: boolean;
}

export const OPPORTUNISTIC: TlsRequirement = { policy: "none", level: "any", dane: null, names: [] };

/** Holds a connection against what is required; `peer` null is one without TLS. */
export function judge(requirement: TlsRequirement, peer: TlsPeer | null, now: number): TlsVerdict {
  const { dane, names, level } = requirement;
  if (peer === null) {
    const flaw: TlsFailure = { type: "starttls-not-supported", text: "it offers no TLS" };
    return { verified: null, flaw, isEnough: level === "any" };
  }
  const byName = dane === null;
  const flaw = byName ? certificateFailure(peer, now) : verifyDane(peer.chain, { records: dane, names, now });
  const verified = flaw !== null ? null : byName ? "pkix" : "dane";
  return { verified, flaw, isEnough: level !== "verified" || flaw === null };
}
