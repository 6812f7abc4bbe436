import ipaddr from "ipaddr.js";
import { DnsError } from "../../core/errors.ts";
import type { Endpoint, Random } from "../../core/ports.ts";
import { type DnsRecord, type Question, selectAnswer } from "../../wire/dns/mod.ts";
import type { ServerList } from "./servers.ts";
import { ask, ServerSilentError } from "./transport.ts";

/** Aliases over all messages together; what one message may have is bounded in wire/dns. */
const MAX_ALIASES = 12;

/** The answer at the end of the chain of aliases. */
export interface Found {
  readonly kind: "found" | "nodata" | "nxdomain";
  readonly records: readonly DnsRecord[];
  /** Seconds; null when it must not be cached. */
  readonly ttl: number | null;
  readonly authentic: boolean;
  /** The name at the end of the chain. */
  readonly name: string;
}

export interface LookupOptions {
  readonly servers: ServerList;
  readonly timeoutMs: number;
  readonly tries: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Believe the AD bit of servers that are not on this machine, too. */
  readonly trustAd: boolean;
}

/** Finds the answer to a question, however many aliases and servers it takes; throws `DnsError`. */
export async function lookUp(question: Question, options: LookupOptions): Promise<Found> {
  let { name } = question;
  let aliases = 0;
  let ttl = Infinity;
  let authentic = true;
  for (;;) {
    const asked = { name, type: question.type };
    const step = await askAll(asked, options, (message, server) => ({
      ...selectAnswer(message, asked),
      authentic: message.authentic && (options.trustAd || isLoopback(server.host)),
    }));
    authentic &&= step.authentic;
    if (step.ttl !== null) ttl = Math.min(ttl, step.ttl);
    if (step.kind !== "alias") {
      const { kind, records, name } = step;
      return { kind, records, ttl: step.ttl === null ? null : ttl, authentic, name };
    }
    aliases += step.aliases;
    if (aliases > MAX_ALIASES) throw new DnsError(`Too many aliases (CNAME) for ${question.name}`);
    name = step.name;
  }
}

/** Asks the servers in turn, each `tries` times, until one gives an answer that can be read. */
async function askAll<T>(
  question: Question,
  options: LookupOptions,
  read: (message: Awaited<ReturnType<typeof ask>>, server: Endpoint) => T,
): Promise<T> {
  let last: DnsError | null = null;
  for (let round = 0; round < options.tries; round++) {
    let anySilent = false;
    for (const server of await options.servers.inOrder()) {
      try {
        return read(await askOne(server, question, options), server);
      } catch (error) {
        if (!(error instanceof DnsError)) throw error;
        last = error;
        anySilent ||= error instanceof ServerSilentError;
        if (options.signal.aborted) throw error;
      }
    }
    // All of them answered, only nothing useful: asking again at once brings nothing new.
    if (!anySilent) break;
  }
  throw last ?? new DnsError("There is no DNS server to ask: set dns.servers");
}

function isLoopback(host: string): boolean {
  return ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback";
}

async function askOne(server: Endpoint, question: Question, options: LookupOptions) {
  const { servers } = options;
  try {
    const message = await ask(server, question, options);
    servers.answered(server);
    return message;
  } catch (error) {
    if (error instanceof ServerSilentError) servers.failed(server, error.message);
    else if (!options.signal.aborted) servers.answered(server);
    throw error;
  }
}
