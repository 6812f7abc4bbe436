/**
 * A provider that says what a test tells it to, for the retrieval room: `connect` gives a connection in memory whose other end
 * runs a script, whatever the host. What is handed over is collected; the marks lie in a store in memory.
 */
import { concatBytes, decodeLatin1 } from "../../src/core/bytes.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { Clock, Resolver, SubmitContext } from "../../src/core/ports.ts";
import { reply } from "../../src/core/reply.ts";
import type { ClientConn } from "../../src/net/connect.ts";
import type { RetrievalDeps } from "../../src/retrieval/deps.ts";
import {
  defaultRetrievalSettings,
  type RetrievalSettings,
  type SourceSpec,
} from "../../src/retrieval/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { connPair, type FakeClient, TEST_TLS } from "../support/fake_conn.ts";
import { live, RecordingLog, RecordingMetrics, seededRandom } from "../support/fakes.ts";

export type Script = (peer: FakeClient, port: number) => Promise<void>;

export interface Taken {
  readonly text: string;
  readonly sender: string | null;
  readonly context: SubmitContext;
}

export interface Scripted {
  readonly deps: RetrievalDeps;
  readonly taken: Taken[];
  readonly log: RecordingLog;
  /** Addresses that were connected to. */
  readonly dialled: string[];
  /** What `submit` throws next. */
  refuse: Refusal | null;
  settings: RetrievalSettings;
}

export const SPEC: SourceSpec = {
  account: "alice@example.test",
  name: "there",
  protocol: "imap",
  host: "mail.provider.test",
  port: 993,
  tls: "implicit",
  user: "me",
  secret: "s3cret",
  oauth: null,
  everyMs: 60_000,
  idle: false,
  folders: ["INBOX"],
  keep: { kind: "leave" },
  into: "INBOX",
  filters: true,
  allowNetworks: [],
};

interface Options {
  readonly clock: Clock;
  readonly script: Script;
  /** The addresses of every name. */
  readonly addresses?: readonly string[];
  readonly settings?: Partial<RetrievalSettings>;
  /** How many bytes we get at a time. */
  readonly chunkSize?: number;
  readonly spec?: SourceSpec;
}

export function scripted(options: Options): Scripted {
  const { clock, script, chunkSize, addresses = ["198.41.0.4"] } = options;
  const store = openMemoryStore({ clock, random: seededRandom(1) });
  const world = {
    taken: [] as Taken[],
    log: new RecordingLog(),
    dialled: [] as string[],
    refuse: null as Refusal | null,
    settings: { ...defaultRetrievalSettings, ...options.settings },
  };
  const deps: RetrievalDeps = {
    clock,
    random: seededRandom(7),
    log: world.log,
    metrics: new RecordingMetrics(),
    facts: store.facts,
    resolver: fakeResolver(addresses),
    sources: live([options.spec ?? SPEC]),
    settings: {
      get current() {
        return world.settings;
      },
    },
    messageSize: live(1_000_000),
    authorities: live(null),
    admit: async () => {},
    connect: ({ host, port }) => {
      world.dialled.push(host);
      const pair = connPair({
        remote: { host, port: 1 },
        ...(chunkSize === undefined ? {} : { chunkSize }),
      });
      // A script that fails looks like a server that breaks off.
      void script(pair.client, port).catch(() => {}).finally(() => pair.client.close());
      return Promise.resolve(asClient(pair.server));
    },
    submit: async (envelope, message, context) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of message) parts.push(chunk);
      if (world.refuse !== null) throw world.refuse;
      // As the store does: the message and its marks in one.
      for (const { space, ...fact } of context.facts ?? []) await store.facts.put(space, fact);
      const sender = envelope.sender === null ? null : `${envelope.sender.local}@${envelope.sender.domain}`;
      world.taken.push({ text: decodeLatin1(concatBytes(parts)), sender, context });
      const done = reply(250, "2.0.0", "Accepted");
      return envelope.recipients.map((recipient) => ({ recipient, kind: "stored", reply: done, host: null }));
    },
  };
  return Object.assign(world, { deps });
}

function asClient(conn: ReturnType<typeof connPair>["server"]): ClientConn {
  let tls = conn.tls;
  return {
    id: conn.id,
    local: conn.local,
    remote: conn.remote,
    get tls() {
      return tls;
    },
    read: (timeoutMs) => conn.read(timeoutMs),
    write: (bytes) => conn.write(bytes),
    startTls: () => conn.startTls(),
    close: () => conn.close(),
    startClientTls: () => {
      tls = TEST_TLS;
      return Promise.resolve({ chain: [], problem: null });
    },
  };
}

function fakeResolver(addresses: readonly string[]): Resolver {
  const answer = (records: readonly string[]) =>
    Promise.resolve({ kind: "found" as const, records, ttl: 60, authentic: false });
  return {
    a: () => answer(addresses.filter((address) => !address.includes(":"))),
    aaaa: () => answer(addresses.filter((address) => address.includes(":"))),
    mx: () => Promise.reject(new Error("Not asked")),
    txt: () => Promise.reject(new Error("Not asked")),
    tlsa: () => Promise.reject(new Error("Not asked")),
    ptr: () => Promise.reject(new Error("Not asked")),
  };
}
