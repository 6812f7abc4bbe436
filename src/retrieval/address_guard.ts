import { Networks } from "../net/networks.ts";

/** RFC 6890 and its registries: what is not a host on the public Internet. */
const SPECIAL = new Networks([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  // Both lead to an IPv4 address, perhaps one of the above.
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
]);

/** The machine itself. */
const LOOPBACK = new Networks(["127.0.0.0/8", "::1"]);

export function isPublic(address: string): boolean {
  return !SPECIAL.has(address);
}

export function isLoopback(address: string): boolean {
  return LOOPBACK.has(address);
}
