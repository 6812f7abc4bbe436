/** What the ManageSieve tests share: a session over a connection in memory, with the real language. */
import { makeSieveLanguage } from "../../../src/app/sieve_language.ts";
import { Refusal } from "../../../src/core/errors.ts";
import type { Authenticate, Clock, Conn, Log, Metrics, Scram } from "../../../src/core/ports.ts";
import { defaultSieveRunLimits } from "../../../src/delivery/sieve/mod.ts";
import {
  defaultManageSieveLimits,
  type ManageSieveDeps,
  type ManageSieveLimits,
  serveManageSieve,
  type SieveLanguage,
} from "../../../src/session/managesieve/mod.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import type { ScriptLimits, Store } from "../../../src/store/mod.ts";
import { defaultSieveLimits } from "../../../src/wire/sieve/mod.ts";
import { connPair, type ConnPairOptions, type FakeClient } from "../../support/fake_conn.ts";
import {
  FixedClock,
  live,
  ManualClock,
  seededRandom,
  silentLog,
  silentMetrics,
} from "../../support/fakes.ts";

export const ACCOUNT = "alice@example.test";

export const LANGUAGE: SieveLanguage = makeSieveLanguage({
  compile: defaultSieveLimits,
  run: { ...defaultSieveRunLimits, redirects: 2 },
});

/** `AUTHENTICATE "PLAIN"` as alice; she has the password "secret". */
export const LOGIN = `AUTHENTICATE "PLAIN" "${btoa(`\0${ACCOUNT}\0secret`)}"`;

export async function emptyStore(): Promise<Store> {
  const store = openMemoryStore({ clock: new FixedClock(), random: seededRandom() });
  await store.accounts.ensure(ACCOUNT);
  return store;
}

/** Knows alice; "busy" is somebody for whom too many log-ins wait. */
export const authenticate: Authenticate = (user, password) => {
  if (user === "busy") throw Refusal.of(454, "4.7.0", "Too many log-ins, try again later");
  const good = user.toLowerCase() === ACCOUNT && password === "secret";
  return Promise.resolve(good ? ACCOUNT : null);
};

export interface SessionOptions extends ConnPairOptions {
  readonly limits?: Partial<ManageSieveLimits>;
  readonly scriptLimits?: Partial<ScriptLimits>;
  readonly language?: Partial<SieveLanguage>;
  readonly plaintextAuth?: boolean;
  readonly shutdown?: AbortSignal;
  readonly scram?: Scram;
  readonly log?: Log;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  /** Comes between the session and its connection. */
  readonly wrap?: (conn: Conn) => Conn;
}

/** Begins a session; `ended` resolves when the server has let go of it. */
export function startSession(
  store: Pick<Store, "accounts" | "scripts">,
  options: SessionOptions = {},
): { client: FakeClient; ended: Promise<void> } {
  const { client, server } = connPair(options);
  const deps: ManageSieveDeps = {
    hostname: "mx.example.test",
    store,
    language: live({ ...LANGUAGE, ...options.language }),
    scriptLimits: live({ count: 10, bytes: 1_000_000, ...options.scriptLimits }),
    authenticate,
    ...options.scram === undefined ? {} : { scram: options.scram },
    clock: options.clock ?? new ManualClock(),
    random: seededRandom(),
    log: options.log ?? silentLog,
    metrics: options.metrics ?? silentMetrics,
    limits: live({ ...defaultManageSieveLimits, ...options.limits }),
    shutdown: options.shutdown ?? new AbortController().signal,
    plaintextAuth: live(options.plaintextAuth ?? false),
  };
  return { client, ended: serveManageSieve(options.wrap?.(server) ?? server, deps) };
}

/** Reads lines up to a response, which is the last of them. */
export async function readAnswer(client: FakeClient): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await client.readLine();
    if (line === null) return lines;
    lines.push(line);
    if (/^(OK|NO|BYE)\b/.test(line)) return lines;
  }
}
