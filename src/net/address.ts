import ipaddr from "ipaddr.js";
import type { Endpoint } from "../core/ports.ts";

/** Who comes through a unix socket is on this machine, and is treated like any other program on it. */
const LOCAL_HOST = "127.0.0.1";

/** What the runtime says about a socket's end; an IPv4 client on an IPv6 socket is shown as the IPv4 client it is. */
export function toEndpoint(address: Deno.Addr): Endpoint {
  if (address.transport === "unix") return { host: LOCAL_HOST, port: 0, path: address.path ?? "" };
  if (address.transport !== "tcp" && address.transport !== "udp") return { host: "", port: 0 };
  return { host: plainAddress(address.hostname), port: address.port };
}

/** One text for one address: IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) becomes IPv4, IPv6 as RFC 5952 wants it. */
export function plainAddress(text: string): string {
  if (!text.includes(":") || !ipaddr.isValid(text)) return text;
  const address = ipaddr.process(text);
  return address.kind() === "ipv6" ? (address as ipaddr.IPv6).toRFC5952String() : address.toString();
}

/**
 * Under which key connections are counted. One customer has one IPv4 address, but at least a /64 of IPv6 addresses
 * (RFC 6177), so those count as one.
 */
export function limitKey(host: string): string {
  if (!host.includes(":") || !ipaddr.isValid(host)) return host;
  const address = ipaddr.process(host);
  if (address.kind() === "ipv4") return address.toString();
  return `${(address as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16)).join(":")}::/64`;
}
