/** Sizes, durations and endpoints as people write them. Every parser returns null for what it cannot read. */
import type { Endpoint } from "../../core/ports.ts";
import ipaddr from "ipaddr.js";

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `50MiB`, `1.5 GiB`, `100KB`, `512B`: bytes. */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z]{1,3})$/.exec(text);
  const unit = SIZE_UNITS[match?.[2]?.toLowerCase() ?? ""];
  if (match === null || unit === undefined) return null;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** `30s`, `5m`, `4h`, `5d`, `250ms`, `1h30m`: milliseconds. */
export function parseDuration(text: string): number | null {
  if (!/^(\d{1,12}[a-z]{1,2}){1,5}$/.test(text)) return null;
  let total = 0;
  let smallest = Infinity;
  for (const [, number, name] of text.matchAll(/(\d+)([a-z]+)/g)) {
    const unit = DURATION_UNITS[name!];
    // `1h30m` reads well; `30m1h` and `5m5m` are slips.
    if (unit === undefined || unit >= smallest) return null;
    smallest = unit;
    total += Number(number) * unit;
  }
  return total;
}

/** The shortest exact form: 300000 is `5m`. */
export function formatDuration(ms: number): string {
  for (const name of ["d", "h", "m", "s"]) {
    const unit = DURATION_UNITS[name]!;
    if (ms !== 0 && ms % unit === 0) return `${ms / unit}${name}`;
  }
  return `${ms}ms`;
}

/** For people: `3.4 MiB`, `120 B`. */
export function formatSize(bytes: number): string {
  for (const name of ["TiB", "GiB", "MiB", "KiB"]) {
    const unit = SIZE_UNITS[name.toLowerCase()]!;
    if (bytes >= unit) return `${Number((bytes / unit).toFixed(1))} ${name}`;
  }
  return `${bytes} B`;
}

/**
 * `127.0.0.1:25`, `[::1]:25`, or `:25` for every address of the machine. Names are not
 * taken: what a name resolves to may change, and a listener must not.
 */
export function parseEndpoint(text: string): Endpoint | null {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})|):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) return null;
  const [, v6, v4] = match;
  if (v6 !== undefined) return ipaddr.IPv6.isValid(v6) ? { host: ipaddr.parse(v6).toString(), port } : null;
  if (v4 !== undefined) return ipaddr.IPv4.isValidFourPartDecimal(v4) ? { host: v4, port } : null;
  return { host: ANY_HOST, port };
}

/** The name of a unix socket must fit into `sun_path`, with a zero behind it. */
const LONGEST_SOCKET_NAME = 107;

/** `/run/mailden/lmtp.sock`: a unix socket. */
export function parseSocketPath(text: string): Endpoint | null {
  const fits = new TextEncoder().encode(text).length <= LONGEST_SOCKET_NAME;
  return /^\/[^\x00-\x1f\x7f]*[^/\x00-\x1f\x7f]$/.test(text) && fits
    ? { host: ANY_HOST, port: 0, path: text }
    : null;
}

export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.path !== undefined) return endpoint.path;
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${host === ANY_HOST ? "*" : host}:${endpoint.port}`;
}

/** The host that stands for every address of the machine, IPv4 as well as IPv6 (net/listen.ts). */
export const ANY_HOST = "";

/** Whether the endpoint takes its port on every address of the machine. */
export function isAnyHost(endpoint: Endpoint): boolean {
  return [ANY_HOST, "::", "0.0.0.0"].includes(endpoint.host);
}
