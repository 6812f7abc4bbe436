import { DnsError } from "../../../core/errors.ts";
import type { Resolver, TlsaRecord } from "../../../core/ports.ts";
import type { TlsFailure } from "./failure_type.ts";

/** RFC 7672 section 3.1: with SMTP only these two usages mean anything. */
export const DANE_TA = 2;
export const DANE_EE = 3;

const DIGEST_BYTES: ReadonlyMap<number, number> = new Map([[1, 32], [2, 64]]);

export type DaneLookup =
  /** The host says nothing that we can believe. */
  | { readonly kind: "none" }
  /** TLS is a must; with no usable records without a check of the certificate (RFC 7672 section 2.1.1). */
  | {
    readonly kind: "dane";
    readonly usable: readonly TlsaRecord[];
    readonly all: readonly TlsaRecord[];
    /** The name under which the records lie. */
    readonly base: string;
  }
  /** Whether the host has records cannot be known now; to go on without them would be a downgrade. */
  | { readonly kind: "failed"; readonly failure: TlsFailure };

interface DaneHost {
  readonly name: string;
  readonly port: number;
  readonly canonical: string | null;
}

interface DaneOptions {
  readonly resolver: Resolver;
  readonly signal: AbortSignal;
}

/**
 * Looks up what the DNS vouches for; the host's name and addresses must have been authentic. Of an alias the name at its end is
 * asked first, then its own (RFC 7672 section 2.2.2).
 */
export async function lookUpDane(host: DaneHost, options: DaneOptions): Promise<DaneLookup> {
  if (host.canonical !== null) {
    const found = await lookUpBase(host.canonical, host.port, options);
    if (found.kind !== "none") return found;
  }
  return await lookUpBase(host.name, host.port, options);
}

async function lookUpBase(
  base: string,
  port: number,
  { resolver, signal }: DaneOptions,
): Promise<DaneLookup> {
  try {
    const answer = await resolver.tlsa(`_${port}._tcp.${base}`, signal);
    if (answer.kind !== "found" || !answer.authentic) return { kind: "none" };
    return { kind: "dane", usable: answer.records.filter(isUsable), all: answer.records, base };
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    const text = `its TLSA records cannot be looked up: ${error.message}`;
    return { kind: "failed", failure: { type: "dnssec-invalid", text } };
  }
}

/** RFC 7671 section 4: known numbers, and a digest that has the length of one. */
function isUsable({ usage, selector, matching, data }: TlsaRecord): boolean {
  if ((usage !== DANE_TA && usage !== DANE_EE) || selector > 1) return false;
  return matching === 0 ? data.length > 0 : DIGEST_BYTES.get(matching) === data.length / 2;
}

/** As it stands in a zone file, for reports. */
export function tlsaText({ usage, selector, matching, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matching} ${data}`;
}
