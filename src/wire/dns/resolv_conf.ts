import ipaddr from "ipaddr.js";
import type { Endpoint } from "../../core/ports.ts";

const DNS_PORT = 53;
/** More servers than this only make a failure slower. */
const MAX_SERVERS = 8;

/** The servers of a resolv.conf(5); lines that are not understood are skipped, as every resolver does. */
export function parseResolvConf(text: string): Endpoint[] {
  const servers: Endpoint[] = [];
  for (const line of text.split("\n")) {
    const [keyword, value] = line.trim().split(/[ \t]+/, 2);
    if (keyword !== "nameserver" || value === undefined) continue;
    const server = parseServerAddress(value);
    if (server !== null) servers.push(server);
  }
  return servers.slice(0, MAX_SERVERS);
}

/** Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` and `[2001:db8::1]:5353`; null for anything else. */
export function parseServerAddress(text: string): Endpoint | null {
  const bracketed = /^\[([0-9A-Fa-f:.]{2,45})\](?::([0-9]{1,5}))?$/.exec(text);
  const dotted = /^([0-9.]{7,15}):([0-9]{1,5})$/.exec(text);
  const host = bracketed?.[1] ?? dotted?.[1] ?? text;
  const port = Number(bracketed?.[2] ?? dotted?.[2] ?? DNS_PORT);
  if (port < 1 || port > 65535) return null;
  if (bracketed !== null ? !ipaddr.IPv6.isValid(host) : !isAddress(host)) return null;
  return { host, port };
}

/** Unlike `ipaddr.isValid`, knows no short forms such as `127.1`. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}
