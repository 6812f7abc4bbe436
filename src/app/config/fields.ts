/**
 * The kinds of value a configuration has. A field reads one value and says in words what it expects; the message of
 * every error is made from these words (`report.ts`).
 */
import { z } from "zod";
import { normalizeDomain } from "../../core/domain.ts";
import ipaddr from "ipaddr.js";
import type { Endpoint } from "../../core/ports.ts";
import {
  ANY_HOST,
  formatDuration,
  parseDuration,
  parseEndpoint,
  parseSize,
  parseSocketPath,
} from "./units.ts";

export interface Field<T> {
  /** As in `Found 5, expected a size such as 50MiB`. */
  readonly expected: string;
  /** `undefined` when the value is not what is expected. */
  readonly parse: (value: unknown) => T | undefined;
}

/** `setTimeout` takes 31 bits of milliseconds; a longer one would fire at once. */
const LONGEST_MS = 24 * 86_400_000;

/** A schema whose one error message is the field's words. */
export function value<T>(field: Field<T>): z.ZodType<T> {
  return z.unknown().transform((found, context) => {
    const parsed = field.parse(found);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: field.expected, input: found });
    return z.NEVER;
  });
}

/** A list of such values, each with its own error. */
export function list<T>(field: Field<T>): z.ZodType<T[]> {
  return z.array(value(field));
}

export function orNull<T>(field: Field<T>): Field<T | null> {
  return {
    expected: `${field.expected}, or null`,
    parse: (found) => found === null ? null : field.parse(found),
  };
}

export const text: Field<string> = {
  expected: "a text of at most 1000 characters, without control characters",
  parse: (found) => isString(found) && /^[^\x00-\x1f\x7f]{0,1000}$/.test(found) ? found : undefined,
};

export const flag: Field<boolean> = {
  expected: "true or false",
  parse: (found) => typeof found === "boolean" ? found : undefined,
};

export const filePath: Field<string> = {
  expected: "a file name",
  parse: (found) => isString(found) && found !== ANY_HOST && !found.includes("\0") ? found : undefined,
};

export const domainName: Field<string> = {
  expected: "a domain name such as example.com",
  parse: (found) => isString(found) ? normalizeDomain(found) ?? undefined : undefined,
};

export const hostOrAddress: Field<string> = {
  expected: "a host name such as relay.example.com, or an IP address",
  parse: (found) => isString(found) && ipaddr.isValid(found) ? found : domainName.parse(found),
};

/** A domain, `*.` before one for all below it, or `*` for all. */
const domainPattern: Field<string> = {
  expected: "a domain such as example.com, *.example.com for all below it, or *",
  parse: (found) => {
    if (!isString(found) || found === "*") return found === "*" ? found : undefined;
    const below = found.startsWith("*.");
    const domain = domainName.parse(below ? found.slice(2) : found);
    return domain === undefined ? undefined : below ? `*.${domain}` : domain;
  },
};

/** One such pattern, or a list of them. */
export const domainPatterns: Field<readonly string[]> = {
  expected: `${domainPattern.expected}, or a list of these`,
  parse: (found) => {
    const patterns = (Array.isArray(found) ? found : [found]).map(domainPattern.parse);
    return patterns.length > 0 && patterns.every((pattern) => pattern !== undefined) ? patterns : undefined;
  },
};

export function ipAddress(kind: "ipv4" | "ipv6"): Field<string> {
  return {
    expected: kind === "ipv4" ? "an IPv4 address such as 192.0.2.1" : "an IPv6 address such as 2001:db8::1",
    parse: (found) =>
      isString(found) && ipaddr.isValid(found) && ipaddr.parse(found).kind() === kind ? found : undefined,
  };
}

/** Bytes. */
export function sizeBetween(least: number, most: number): Field<number> {
  return {
    expected: "a size such as 500KiB, 50MiB or 10GiB",
    parse: (found) => {
      const bytes = isString(found) ? parseSize(found) : found;
      return isIntegerBetween(bytes, least, most) ? bytes : undefined;
    },
  };
}

/** Milliseconds. */
export const duration: Field<number> = durationFrom(1);

export function durationFrom(leastMs: number): Field<number> {
  return {
    expected: `a duration such as 30s, 5m, 4h or 5d (${formatDuration(leastMs)} to ${
      formatDuration(LONGEST_MS)
    })`,
    parse: (found) => {
      const ms = isString(found) ? parseDuration(found) : null;
      return isIntegerBetween(ms, leastMs, LONGEST_MS) ? ms : undefined;
    },
  };
}

/** Whole days, written as a number. */
export function daysBetween(least: number, most: number): Field<number> {
  return { ...count(least, most), expected: `a whole number of days from ${least} to ${most}` };
}

export function count(least: number, most: number): Field<number> {
  return {
    expected: `a whole number from ${least} to ${most}`,
    parse: (found) => isIntegerBetween(found, least, most) ? found : undefined,
  };
}

export function fraction(least: number, most: number): Field<number> {
  return {
    expected: `a number from ${least} to ${most}`,
    parse: (found) => typeof found === "number" && found >= least && found <= most ? found : undefined,
  };
}

export function choice<T extends string>(...choices: readonly T[]): Field<T> {
  return {
    expected: choices.length === 2 ? choices.join(" or ") : `one of ${choices.join(", ")}`,
    parse: (found) => choices.find((candidate) => candidate === found),
  };
}

const ENDPOINT_WORDS = '":25" for all addresses, "127.0.0.1:25" or "[::1]:25"';

/** One endpoint, a list of them, or `off`; an error names the one in the list that is wrong. */
export const endpoints: z.ZodType<readonly Endpoint[]> = z.unknown().transform((found, context) => {
  if (found === "off") return [];
  const items: readonly unknown[] = Array.isArray(found) ? found : [found];
  return items.map((item, index) => {
    const endpoint = isString(item) ? parseEndpoint(item) : null;
    if (endpoint !== null) return endpoint;
    const inList = Array.isArray(found);
    const message = inList ? ENDPOINT_WORDS : `${ENDPOINT_WORDS}, a list of these, or off`;
    context.addIssue({ code: "custom", message, input: item, path: inList ? [index] : [] });
    return z.NEVER;
  });
});

/** As `endpoints`, and files of unix sockets too. */
export const endpointsOrSockets: z.ZodType<readonly Endpoint[]> = z.unknown().transform((found, context) => {
  if (found === "off") return [];
  const items: readonly unknown[] = Array.isArray(found) ? found : [found];
  return items.map((item, index) => {
    const endpoint = isString(item) ? parseSocketPath(item) ?? parseEndpoint(item) : null;
    if (endpoint !== null) return endpoint;
    const message =
      `${ENDPOINT_WORDS}, a unix socket such as "/run/mailden/lmtp.sock", a list of these, or off`;
    context.addIssue({ code: "custom", message, input: item, path: Array.isArray(found) ? [index] : [] });
    return z.NEVER;
  });
});

/** Address ranges as net/networks.ts takes them. */
export const network: Field<string> = {
  expected: 'an address such as "192.0.2.7" or a range such as "10.0.0.0/8" or "2001:db8::/32"',
  parse: (found) =>
    isString(found) && (ipaddr.isValid(found) || ipaddr.isValidCIDR(found)) ? found : undefined,
};

/** A DNS server as net/dns takes it: an address, with a port if it is not 53. */
export const dnsServer: Field<string> = {
  expected: 'an address such as "9.9.9.9", "127.0.0.1:5353" or "[::1]:53"',
  parse: (found) => {
    if (!isString(found)) return undefined;
    const withPort = parseEndpoint(found);
    if (withPort !== null) return withPort.host !== "" && withPort.port > 0 ? found : undefined;
    const bare = found.includes(":") ? parseEndpoint(`[${found}]:53`) : parseEndpoint(`${found}:53`);
    if (bare === null || bare.host === "") return undefined;
    return found.includes(":") ? `[${found}]:53` : found;
  },
};

function isString(found: unknown): found is string {
  return typeof found === "string";
}

function isIntegerBetween(found: unknown, least: number, most: number): found is number {
  return typeof found === "number" && Number.isInteger(found) && found >= least && found <= most;
}
