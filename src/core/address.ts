/**
 * A mail address as the envelope carries it (RFC 5321 section 4.1.2). The domain is always in lower case
 * and in A-label form, or an address literal in brackets; the local part keeps the case it came with.
 */
export interface Address {
  readonly local: string;
  readonly domain: string;
}

/** The reverse-path: an address, or null for `MAIL FROM:<>` (RFC 5321 section 4.5.5). */
export type ReversePath = Address | null;

const ATEXT =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\uffff]+(\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\uffff]+)*$/;

/** Writes an address without angle brackets; the null path becomes the empty string. */
export function formatAddress(address: ReversePath): string {
  if (address === null) return "";
  const local = ATEXT.test(address.local) ? address.local : `"${address.local.replace(/["\\]/g, "\\$&")}"`;
  return `${local}@${address.domain}`;
}

/** The form in which two addresses of ours are compared: everything in lower case. */
export function addressKey(address: Address): string {
  return `${address.local.toLowerCase()}@${address.domain.toLowerCase()}`;
}

/** Whether the local part needs SMTPUTF8 (RFC 6531) to be carried. */
export function needsSmtpUtf8(address: ReversePath): boolean {
  return address !== null && /[^\x00-\x7f]/.test(address.local);
}
