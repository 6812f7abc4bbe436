import { DnsError } from "../../core/errors.ts";
import type { DnsMessage, Question } from "./message.ts";
import { type DnsRecord, RCODE, TYPE } from "./record.ts";

/** A chain longer than this is a loop or an attack; RFC 1034 section 3.6.2 frowns on any chain at all. */
const MAX_CNAMES = 12;

/** What one message says about one question. */
export interface ChainStep {
  /** `alias`: the name is an alias of `name`, about which the message says nothing; ask again for that. */
  readonly kind: "found" | "nodata" | "nxdomain" | "alias";
  /** The last name of the chain. */
  readonly name: string;
  /** How many aliases were followed. */
  readonly aliases: number;
  readonly records: readonly DnsRecord[];
  /** Seconds: the smallest on the chain; for a negative answer null when it must not be cached (RFC 2308 section 5). */
  readonly ttl: number | null;
}

/**
 * Follows the chain of CNAMEs from the question through the answer section (RFC 1034 section 4.3.2). Records that
 * are not on the chain are ignored. The message has code NOERROR or NXDOMAIN. Throws `DnsError` for a chain that
 * is too long, and for a referral, which no recursive server sends.
 */
export function selectAnswer(message: DnsMessage, question: Question): ChainStep {
  let name = question.name;
  let ttl = Infinity;
  for (let aliases = 0; aliases <= MAX_CNAMES; aliases++) {
    const records = message.answers.filter((record) => record.name === name && record.type === question.type);
    if (records.length > 0) {
      return {
        kind: "found",
        name,
        aliases,
        records,
        ttl: Math.min(ttl, ...records.map((record) => record.ttl)),
      };
    }
    const alias = message.answers.find((record) => record.name === name && record.type === TYPE.CNAME);
    if (alias?.type !== TYPE.CNAME) return endOfChain(message, { name, aliases, ttl });
    name = alias.target;
    ttl = Math.min(ttl, alias.ttl);
  }
  throw new DnsError(`Too many aliases (CNAME) for ${question.name}`);
}

function endOfChain(
  message: DnsMessage,
  chain: { readonly name: string; readonly aliases: number; readonly ttl: number },
): ChainStep {
  const { name, aliases } = chain;
  const soa = message.authorities.find((record) => record.type === TYPE.SOA && isWithin(name, record.name));
  // RFC 2308 section 5: the smaller of the SOA's own TTL and its MINIMUM field.
  const negative = soa?.type === TYPE.SOA ? Math.min(chain.ttl, soa.ttl, soa.minimum) : null;
  if (message.rcode === RCODE.NXDOMAIN) {
    return { kind: "nxdomain", name, aliases, records: [], ttl: negative };
  }
  if (negative !== null) return { kind: "nodata", name, aliases, records: [], ttl: negative };
  if (aliases > 0) return { kind: "alias", name, aliases, records: [], ttl: chain.ttl };
  // RFC 2308 section 2.2: NS without SOA is a referral, and "no data" with an empty authority section is genuine.
  if (message.authorities.some((record) => record.type === TYPE.NS)) {
    throw new DnsError(`The DNS server does not resolve names for us (it sent a referral for ${name})`);
  }
  return { kind: "nodata", name, aliases, records: [], ttl: null };
}

function isWithin(name: string, zone: string): boolean {
  return zone === "" || name === zone || name.endsWith(`.${zone}`);
}
