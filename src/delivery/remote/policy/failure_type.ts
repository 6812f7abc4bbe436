import { X509Certificate } from "node:crypto";
import type { TlsPeer } from "../../../net/connect.ts";

/** What went wrong with TLS, in the words of a report to the other domain (RFC 8460 section 4.3). */
export type TlsFailureType =
  | "starttls-not-supported"
  | "certificate-host-mismatch"
  | "certificate-expired"
  | "certificate-not-trusted"
  | "validation-failure"
  | "tlsa-invalid"
  | "dnssec-invalid"
  | "sts-policy-fetch-error"
  | "sts-policy-invalid"
  | "sts-webpki-invalid";

export interface TlsFailure {
  readonly type: TlsFailureType;
  /** For the log and the sender. */
  readonly text: string;
}

/**
 * Why a certificate is not valid for its name. The TLS engine's code does not tell bad dates from a bad signature, so the dates are
 * looked at here.
 */
export function certificateFailure(peer: TlsPeer, now: number): TlsFailure | null {
  const { problem, chain } = peer;
  if (problem === null) return null;
  const [own] = chain;
  if (own !== undefined && !isInForce(own, now)) {
    return { type: "certificate-expired", text: "its certificate is not valid at this time" };
  }
  const type = problem.includes("ALTNAME") ? "certificate-host-mismatch" : "certificate-not-trusted";
  return { type, text: `its certificate is not valid (${problem})` };
}

function isInForce(der: Uint8Array, now: number): boolean {
  try {
    const { validFrom, validTo } = new X509Certificate(der);
    return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
  } catch {
    // It cannot be read: that is what is wrong with it, and not its dates.
    return true;
  }
}
