/**
 * The resolver: asks recursive DNS servers over UDP and TCP, and keeps what they say for as long as they say.
 *
 * Invariants. An answer is believed only when it comes from the server that was asked, to the port and with the id
 * of the question, and repeats the question (RFC 5452); of it only the chain of names from the question on is used,
 * and it is cached under the question alone, so no answer can say anything about another name. What cannot be found
 * out is a `DnsError`, never "does not exist". Every look-up ends: each alias costs at most servers x tries x a few
 * time-outs (UDP, then TCP). The number of look-ups under way is bounded, and so is the cache.
 */
import { normalizeDomain } from "../../core/domain.ts";
import { DnsError } from "../../core/errors.ts";
import type {
  Clock,
  DnsAnswer,
  Live,
  Log,
  MxRecord,
  Random,
  Resolver,
  TlsaRecord,
} from "../../core/ports.ts";
import { type DnsRecord, reverseName, TYPE } from "../../wire/dns/mod.ts";
import { DnsCache } from "./cache.ts";
import { lookUp } from "./lookup.ts";
import { Slots } from "./slots.ts";
import { ServerList } from "./servers.ts";

/** Each look-up under way may hold a socket. */
const MAX_LOOKUPS = 256;

export interface ResolverOptions {
  /** `1.2.3.4`, `1.2.3.4:53`, `[::1]:53`; empty for those of /etc/resolv.conf. */
  readonly servers: Live<readonly string[]>;
  /** The system's list of servers, where it is not /etc/resolv.conf. */
  readonly resolvConf?: string;
  /**
   * Believe the AD bit of any server. Without it only that of a server on this machine counts: on the way from another one
   * anybody could have set it (RFC 6698 section A.3).
   */
  readonly trustAd?: Live<boolean>;
  /** How long one server may take to answer. */
  readonly timeoutMs: number;
  /** How often each server is asked before a look-up fails. */
  readonly tries: number;
  /** Answers that are kept. */
  readonly cacheSize: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function makeResolver(options: ResolverOptions): Resolver & { close(): void } {
  return new CachingResolver(options);
}

type Reader<T> = (record: DnsRecord) => T | null;

class CachingResolver implements Resolver {
  #options: ResolverOptions;
  #servers: ServerList;
  #cache: DnsCache;
  #slots = new Slots(MAX_LOOKUPS);
  /** Questions that are being asked: whoever asks the same meanwhile waits for the same answer. */
  #underWay = new Map<string, Promise<DnsAnswer<unknown>>>();
  #closing = new AbortController();

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#servers = new ServerList(options);
    this.#cache = new DnsCache(options.cacheSize, options.clock);
  }

  mx(domain: string, signal?: AbortSignal): Promise<DnsAnswer<MxRecord>> {
    return this.#find(TYPE.MX, normalizeDomain(domain), readMx, signal);
  }

  a(host: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.#find(TYPE.A, normalizeDomain(host), readAddress, signal);
  }

  aaaa(host: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.#find(TYPE.AAAA, normalizeDomain(host), readAddress, signal);
  }

  txt(name: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.#find(TYPE.TXT, normalizeDomain(name), readText, signal);
  }

  tlsa(name: string, signal?: AbortSignal): Promise<DnsAnswer<TlsaRecord>> {
    return this.#find(TYPE.TLSA, normalizeDomain(name), readTlsa, signal);
  }

  ptr(address: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.#find(TYPE.PTR, reverseName(address), readTarget, signal);
  }

  close(): void {
    this.#closing.abort();
  }

  async #find<T>(
    type: number,
    name: string | null,
    read: Reader<T>,
    signal?: AbortSignal,
  ): Promise<DnsAnswer<T>> {
    // What is no name of a host or a domain is not in the DNS.
    if (name === null) return { kind: "nxdomain", records: [], ttl: 0, authentic: false };
    const key = `${type} ${name}`;
    // All that is kept under a key was made by the reader of its type.
    const cached = this.#cache.get(key) as DnsAnswer<T> | null;
    if (cached !== null) return cached;
    let asking = this.#underWay.get(key) as Promise<DnsAnswer<T>> | undefined;
    if (asking === undefined) {
      asking = this.#ask(key, { type, name }, read).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, asking);
    }
    return await unlessAborted(asking, signal);
  }

  async #ask<T>(
    key: string,
    question: { readonly type: number; readonly name: string },
    read: Reader<T>,
  ): Promise<DnsAnswer<T>> {
    const { timeoutMs, tries, random, trustAd } = this.#options;
    const signal = this.#closing.signal;
    const found = await this.#slots.run(() => {
      const options = { servers: this.#servers, timeoutMs, tries, random, signal };
      return lookUp(question, { ...options, trustAd: trustAd?.current ?? false });
    });
    const { kind, authentic } = found;
    const records = found.records.map(read).filter((record) => record !== null);
    if (kind === "found" && records.length === 0) {
      // Not the same as "no records": the domain has some, and the mail must not go elsewhere.
      throw new DnsError(`The DNS records of ${question.name} make no sense`);
    }
    const alias = found.name === question.name ? {} : { canonical: found.name };
    const answer: DnsAnswer<T> = { kind, records, ttl: found.ttl ?? 0, authentic, ...alias };
    if (found.ttl !== null) this.#cache.set(key, answer);
    return answer;
  }
}

/** Waits for the promise, which goes on without us when the signal aborts. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new DnsError("The DNS look-up was given up", { cause: signal.reason }));
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted);
  });
}

/** The null MX has the root as its host (RFC 7505 section 3). */
function readMx(record: DnsRecord): MxRecord | null {
  if (record.type !== TYPE.MX) return null;
  const host = record.exchange === "" ? "" : normalizeDomain(record.exchange);
  return host === null ? null : { preference: record.preference, host };
}

function readAddress(record: DnsRecord): string | null {
  return record.type === TYPE.A || record.type === TYPE.AAAA ? record.address : null;
}

function readText(record: DnsRecord): string | null {
  return record.type === TYPE.TXT ? record.text : null;
}

function readTlsa(record: DnsRecord): TlsaRecord | null {
  if (record.type !== TYPE.TLSA) return null;
  const { usage, selector, matching, data } = record;
  return { usage, selector, matching, data };
}

function readTarget(record: DnsRecord): string | null {
  return record.type === TYPE.PTR ? normalizeDomain(record.target) : null;
}
