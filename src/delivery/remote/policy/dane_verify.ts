import { Buffer } from "node:buffer";
import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { TlsaRecord } from "../../../core/ports.ts";
import { DANE_EE, DANE_TA } from "./dane.ts";
import type { TlsFailure } from "./failure_type.ts";
import { publicKeyInfo } from "./spki.ts";

export interface DaneCheck {
  /** Usable ones. */
  readonly records: readonly TlsaRecord[];
  /** The names of which the certificate must have one where a DANE-TA record vouches for it (RFC 7672 section 3.2.2). */
  readonly names: readonly string[];
  readonly now: number;
}

/** Whether the records vouch for the chain that a host showed, its own certificate first; null when they do. */
export function verifyDane(chain: readonly Uint8Array[], check: DaneCheck): TlsFailure | null {
  const [own] = chain;
  if (own === undefined) return { type: "validation-failure", text: "it showed no certificate" };
  // RFC 7672 section 3.1.1: neither names nor dates count for DANE-EE.
  if (check.records.some((record) => record.usage === DANE_EE && matches(record, own))) return null;
  const anchors = check.records.filter((record) => record.usage === DANE_TA);
  if (anchors.length === 0) return NO_MATCH;
  try {
    return verifyAnchored(chain, { ...check, records: anchors });
  } catch (error) {
    // A certificate or key that cannot be read.
    return {
      type: "validation-failure",
      text: `its certificate chain is broken (${(error as Error).message})`,
    };
  }
}

const NO_MATCH: TlsFailure = {
  type: "validation-failure",
  text: "its certificate is not the one that its TLSA records name",
};

/** Climbs from the host's certificate to one that a record names, each link checked on the way. */
function verifyAnchored(chain: readonly Uint8Array[], { records, names, now }: DaneCheck): TlsFailure | null {
  let expired = false;
  let below: X509Certificate | null = null;
  for (const der of chain) {
    const certificate = new X509Certificate(der);
    if (below !== null) {
      const isIssuer = certificate.ca && below.checkIssued(certificate) &&
        below.verify(certificate.publicKey);
      if (!isIssuer) return NO_MATCH;
    }
    expired ||= now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo);
    const isNamed = below !== null && records.some((record) => matches(record, der));
    if (isNamed || records.some((record) => isIssuedByRecord(certificate, record))) {
      if (expired) return { type: "certificate-expired", text: "its certificate is not valid at this time" };
      return hasName(chain[0]!, names)
        ? null
        : { type: "certificate-host-mismatch", text: "its certificate is for another name" };
    }
    below = certificate;
  }
  return NO_MATCH;
}

function hasName(der: Uint8Array, names: readonly string[]): boolean {
  const certificate = new X509Certificate(der);
  return names.some((name) => certificate.checkHost(name) !== undefined);
}

/** A record may hold the whole authority, or its key, which the host then need not send (RFC 7671 section 5.2). */
function isIssuedByRecord(certificate: X509Certificate, { selector, matching, data }: TlsaRecord): boolean {
  if (matching !== 0) return false;
  try {
    const bytes = Buffer.from(data, "hex");
    if (selector === 1) return certificate.verify(keyFrom(bytes));
    const authority = new X509Certificate(bytes);
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  } catch {
    // The record holds something else, which vouches for nobody.
    return false;
  }
}

function keyFrom(spki: Buffer): KeyObject {
  return createPublicKey({ key: spki, format: "der", type: "spki" });
}

function matches({ selector, matching, data }: TlsaRecord, certificate: Uint8Array): boolean {
  const part = selector === 0 ? certificate : publicKeyInfo(certificate);
  if (part === null) return false;
  if (matching === 0) return Buffer.from(part).toString("hex") === data;
  return createHash(matching === 1 ? "sha256" : "sha512").update(part).digest("hex") === data;
}
