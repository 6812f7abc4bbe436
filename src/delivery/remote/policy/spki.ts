const SEQUENCE = 0x30;
const VERSION = 0xa0;

interface Element {
  readonly tag: number;
  /** Where its content starts, and one past its end. */
  readonly start: number;
  readonly end: number;
}

/**
 * The public key of a certificate as it stands there (SubjectPublicKeyInfo, RFC 5280 section 4.1), which is what TLSA records
 * with selector 1 are made from; null when this is no certificate.
 */
export function publicKeyInfo(certificate: Uint8Array): Uint8Array | null {
  const outer = elementAt(certificate, 0, certificate.length);
  const inner = outer?.tag === SEQUENCE ? elementAt(certificate, outer.start, outer.end) : null;
  if (inner?.tag !== SEQUENCE) return null;
  let at = inner.start;
  const first = elementAt(certificate, at, inner.end);
  // The version may be left out; then serial number, algorithm, issuer, validity and subject.
  for (let skip = first?.tag === VERSION ? 6 : 5; skip > 0; skip--) {
    const element = elementAt(certificate, at, inner.end);
    if (element === null) return null;
    at = element.end;
  }
  const key = elementAt(certificate, at, inner.end);
  return key?.tag === SEQUENCE ? certificate.subarray(at, key.end) : null;
}

/** One DER element (X.690 section 8.1) that ends before `limit`; null when there is none. */
function elementAt(bytes: Uint8Array, at: number, limit: number): Element | null {
  if (at + 2 > limit) return null;
  const tag = bytes[at]!;
  let length = bytes[at + 1]!;
  let start = at + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 3 || start + count > limit) return null;
    length = 0;
    for (; start < at + 2 + count; start++) length = length << 8 | bytes[start]!;
  }
  return start + length <= limit ? { tag, start, end: start + length } : null;
}
