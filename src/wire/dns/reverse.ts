import ipaddr from "ipaddr.js";

/**
 * The name under which the names of an address are found (RFC 1035 section 3.5, RFC 3596 section 2.5); null for
 * what is no address.
 */
export function reverseName(address: string): string | null {
  if (!ipaddr.isValid(address)) return null;
  const bytes = ipaddr.process(address).toByteArray();
  if (bytes.length === 4) return `${bytes.reverse().join(".")}.in-addr.arpa`;
  const nibbles = bytes.flatMap((byte) => [byte >> 4, byte & 15]);
  return `${nibbles.reverse().map((nibble) => nibble.toString(16)).join(".")}.ip6.arpa`;
}
