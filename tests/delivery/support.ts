/** A courier with everything around it in the test's hands: a resolver from a table, peers on loopback, a log to look at. */
import type { Address } from "../../src/core/address.ts";
import { encodeLatin1 } from "../../src/core/bytes.ts";
import { DnsError } from "../../src/core/errors.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { DnsAnswer, MxRecord, Resolver, TlsaRecord } from "../../src/core/ports.ts";
import {
  defaultRemoteSettings,
  makeRemoteCourier,
  type RemoteCourier,
  type RemoteSettings,
} from "../../src/delivery/remote/mod.ts";
import { type ClientConn, connect } from "../../src/net/connect.ts";
import { FetchError, type FetchText } from "../../src/net/fetch_text.ts";
import { systemClock } from "../../src/net/system.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import type { FactStore } from "../../src/store/mod.ts";
import type { Attempt } from "../../src/queue/courier.ts";
import { RecordingLog, RecordingMetrics, seededRandom } from "../support/fakes.ts";

/** A name's records; a missing name does not exist, `error` cannot be looked up. */
export interface Zone {
  readonly mx?: readonly (readonly [preference: number, host: string])[] | "error";
  readonly a?: readonly string[] | "error";
  readonly aaaa?: readonly string[] | "error";
  readonly txt?: readonly string[] | "error";
  /** As in a zone file: `3 1 1 abcd`. */
  readonly tlsa?: readonly string[] | "error";
  /** DNSSEC proved what stands here. */
  readonly authentic?: boolean;
}

export function tableResolver(zones: Readonly<Record<string, Zone>>): Resolver {
  function answer<T>(name: string, records: readonly T[] | "error" | undefined): Promise<DnsAnswer<T>> {
    if (records === "error") return Promise.reject(new DnsError(`No answer for ${name}`));
    const kind = zones[name] === undefined ? "nxdomain" : records === undefined ? "nodata" : "found";
    return Promise.resolve({
      kind,
      records: records ?? [],
      ttl: 60,
      authentic: zones[name]?.authentic ?? false,
    });
  }
  return {
    mx(name) {
      const mx = zones[name]?.mx;
      const records: readonly MxRecord[] | "error" | undefined = mx === undefined || mx === "error"
        ? mx
        : mx.map(([preference, host]) => ({ preference, host }));
      return answer(name, records);
    },
    a: (name) => answer(name, zones[name]?.a),
    aaaa: (name) => answer(name, zones[name]?.aaaa),
    txt: (name) => answer(name, zones[name]?.txt),
    tlsa(name) {
      const tlsa = zones[name]?.tlsa;
      const records = tlsa === undefined || tlsa === "error" ? tlsa : tlsa.map(tlsaRecord);
      return answer<TlsaRecord>(name, records);
    },
    ptr: (name) => answer<string>(name, undefined),
  };
}

function tlsaRecord(text: string): TlsaRecord {
  const [usage, selector, matching, data = ""] = text.split(" ");
  return { usage: Number(usage), selector: Number(selector), matching: Number(matching), data };
}

export function address(text: string): Address {
  const at = text.lastIndexOf("@");
  return { local: text.slice(0, at), domain: text.slice(at + 1) };
}

export const TEXT = "Subject: Hello\r\n\r\nHello there\r\n.dot\r\n";

export function makeAttempt(
  recipients: readonly string[],
  options: Partial<Omit<Attempt, "recipients">> & { readonly text?: string } = {},
): Attempt {
  const bytes = encodeLatin1(options.text ?? TEXT);
  return {
    id: "m1",
    sender: address("alice@here.test"),
    recipients: recipients.map(address),
    smtputf8: false,
    eightBit: false,
    size: bytes.length,
    async *content() {
      for (let at = 0; at < bytes.length; at += 10_000) yield bytes.slice(at, at + 10_000);
    },
    ...options,
  };
}

export interface CourierWorld extends AsyncDisposable {
  readonly courier: RemoteCourier;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  readonly facts: FactStore;
  deliver(attempt: Attempt): Promise<Outcome[]>;
}

export interface CourierWorldOptions {
  readonly zones?: Readonly<Record<string, Zone>>;
  readonly settings?: Partial<RemoteSettings>;
  readonly ownListeners?: readonly string[];
  readonly connect?: typeof connect;
  /** Sees every connection. */
  readonly onConnect?: (conn: ClientConn) => void;
  /** What another courier has learnt. */
  readonly facts?: FactStore;
  /** What the policy hosts of MTA-STS give, by URL. */
  readonly policies?: Readonly<Record<string, string>>;
}

/** Time-outs are short for what a test lets expire, and long for the rest. */
export const QUICK = { ...defaultRemoteSettings.timeouts, greeting: 300, tls: 500 };

export function makeWorld(options: CourierWorldOptions): CourierWorld {
  const { zones = {}, settings = {}, ownListeners = [] } = options;
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const { facts } = options.facts === undefined
    ? openMemoryStore({ clock: systemClock, random: seededRandom(2) })
    : { facts: options.facts };
  const fetchText: FetchText = ({ url }) => {
    const text = options.policies?.[url];
    return text === undefined ? Promise.reject(new FetchError(`Nothing at ${url}`)) : Promise.resolve(text);
  };
  const courier = makeRemoteCourier({
    fetchText,
    facts,
    resolver: tableResolver(zones),
    async connect(to) {
      const conn = await (options.connect ?? connect)(to);
      options.onConnect?.(conn);
      return conn;
    },
    hostname: "mx.here.test",
    clock: systemClock,
    random: seededRandom(),
    log,
    metrics,
    settings: { current: { ...defaultRemoteSettings, timeouts: QUICK, ...settings } },
    isOwnListener: (host, port) => ownListeners.includes(`${host} ${port}`),
  });
  return {
    courier,
    log,
    metrics,
    facts,
    deliver: (attempt) => courier.deliver(attempt, new AbortController().signal),
    async [Symbol.asyncDispose]() {
      courier.close();
    },
  };
}

/** `kind code enhanced` of each outcome. */
export function summary(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ kind, reply }) => `${kind} ${reply.code} ${reply.enhanced}`);
}
