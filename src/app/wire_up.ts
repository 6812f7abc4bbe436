/**
 * The composition root: the only place that knows every room. It reads from top to bottom in the order in which a
 * message meets the rooms; `stop` goes the other way round.
 */
import { encodeLatin1 } from "../core/bytes.ts";
import type { Clock, Conn, Endpoint, Live, Log, Metrics, Random } from "../core/ports.ts";
import { makeRemoteCourier } from "../delivery/remote/mod.ts";
import {
  type Authenticators,
  type Directory,
  makeAuthenticators,
  makeDirectory,
  makeDoor,
  openScramSecret,
} from "../intake/mod.ts";
import { connect } from "../net/connect.ts";
import { makeResolver } from "../net/dns/mod.ts";
import { makeFetchText } from "../net/fetch_text.ts";
import { listen, type Listener } from "../net/listen.ts";
import { liveNetworks } from "../net/networks.ts";
import { openServerTls, type ServerTls } from "../net/tls/mod.ts";
import { HoldRules, makeQueueRunner } from "../queue/mod.ts";
import { serveImap } from "../session/imap/mod.ts";
import { makeMaildropLocks, servePop3 } from "../session/pop3/mod.ts";
import { ClientRates, serveSmtp } from "../session/smtp/mod.ts";
import { openSqliteStore } from "../store/sqlite/mod.ts";
import type { Store } from "../store/mod.ts";
import type { makeMetrics } from "../web/metrics.ts";
import { startHttp } from "../web/mod.ts";
import type { Config, ListenerName } from "./config/mod.ts";
import { makeControlHandlers } from "./control/handlers.ts";
import { makeFailureReporter } from "./maildrop/failure_report.ts";
import { startPickup } from "./maildrop/pickup.ts";
import { OwnListeners } from "./own_listeners.ts";
import { checkReload } from "./reload.ts";
import type { Running } from "./running.ts";
import { makeTracer } from "./trace/mod.ts";
import { watchProcess } from "./watch.ts";

export interface WireUpOptions {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: ReturnType<typeof makeMetrics>;
  readonly clock: Clock;
  readonly random: Random;
}

/** The protocol sessions, by listener. */
type Sessions = Readonly<
  Record<Exclude<ListenerName, "http">, {
    readonly implicitTls: boolean;
    readonly refusal: string;
    readonly serve: (conn: Conn) => Promise<void>;
  }>
>;

/** How often certificate files are looked at. */
const CERTIFICATE_CHECK_MS = 30_000;

/** Opens everything in order; when a step fails, what was opened is closed again and the error is thrown. */
export async function wireUp(options: WireUpOptions): Promise<Running> {
  const opened = new AsyncDisposableStack();
  try {
    return await openAll(options, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function openAll(options: WireUpOptions, opened: AsyncDisposableStack): Promise<Running> {
  const { config, clock, random, metrics } = options;
  const { hostname } = config;
  const live = new LiveConfig(config);
  const shutdown = new AbortController();

  const failure = Promise.withResolvers<Error>();
  const store = await openSqliteStore({
    directory: config.data,
    clock,
    random,
    log: options.log,
    undeleteDays: config.store.undeleteDays,
    traceDays: live.of((current) => current.trace.days),
    onFailure: failure.resolve,
  });
  opened.defer(() => store.close());
  const tracer = makeTracer({
    store: store.trace,
    clock,
    log: options.log,
    metrics,
    settings: live.of((current) => current.trace),
  });
  opened.defer(() => tracer.close());
  const { log } = tracer;
  const common = { hostname, clock, random, log, metrics };
  await ensureAccounts(store, live.directory.current);

  const tls = await openServerTls({ ...config.tls, directory: config.data, hostname, clock, log });
  opened.defer(() => tls.close());
  const resolver = makeResolver({
    ...config.dns,
    servers: live.of((current) => current.dns.servers),
    trustAd: live.of((current) => current.dns.trustAd),
    clock,
    random,
    log,
  });
  opened.defer(() => resolver.close());

  const holdRules = new HoldRules(store.facts);
  await holdRules.load();
  const door = makeDoor({
    ...common,
    store,
    directory: live.directory,
    limits: live.of((current) => current.limits.intake),
    submission: live.of((current) => current.submission),
    holds: (sender, recipients) => holdRules.match(sender, recipients),
  });
  const authenticators = makeAuthenticators({
    ...common,
    store,
    directory: live.directory,
    limits: live.of((current) => current.limits.auth),
    scramSecret: await openScramSecret(store.facts, { clock, random }),
  });

  const ours = new OwnListeners();
  const courier = makeRemoteCourier({
    ...common,
    resolver,
    connect,
    fetchText: makeFetchText(resolver),
    facts: store.facts,
    settings: live.of((current) => current.outbound),
    isOwnListener: (host, port) => ours.has(host, port),
  });
  opened.defer(() => courier.close());
  const queue = makeQueueRunner({
    ...common,
    store,
    courier,
    submit: door.submit,
    settings: live.of((current) => current.queue),
  });

  const sessions = makeSessions({
    ...common,
    live,
    store,
    door,
    ...authenticators,
    shutdown: shutdown.signal,
  });
  const listeners = await openListeners({ config, live, tls, log, metrics, sessions });
  ours.add(listeners);
  opened.defer(() => listeners.forEach(({ listener }) => listener.close()));

  const watch = watchProcess({ metrics, clock });
  opened.defer(() => watch.stop());
  const http = await openHttp({ config, store, metrics, log, isStopping: () => shutdown.signal.aborted });
  opened.defer(() => Promise.all(http.map((server) => server.close())).then(() => {}));

  queue.start();
  const pickup = await startPickup({
    directory: config.maildrop,
    submit: door.submit,
    reportFailure: makeFailureReporter({
      ...common,
      submit: door.submit,
      headerSize: () => live.current.queue.reportHeaderSize,
    }),
    clock,
    log,
  });
  opened.defer(() => pickup.stop());
  const certificateCheck = setInterval(() => void tls.refresh(), CERTIFICATE_CHECK_MS);
  opened.defer(() => clearInterval(certificateCheck));

  return {
    store,
    failed: failure.promise,
    control: makeControlHandlers({
      store,
      clock,
      log,
      holdRules,
      reportDropped: (message) => queue.reportDropped(message),
      wakeQueue: () => queue.wake(),
      flushTrace: () => tracer.flush(),
    }),
    listeners: [
      ...listeners.map(({ name, listener }) => ({ name, endpoint: listener.endpoint })),
      ...http.map(({ endpoint }) => ({ name: "http", endpoint })),
    ],
    async reload(next) {
      checkReload(live.current, next);
      const directory = makeDirectory(next.directory);
      await ensureAccounts(store, directory);
      live.replace(next, directory);
      await tls.refresh();
      queue.wake();
    },
    async stop(graceMs) {
      for (const { listener } of listeners) listener.close();
      shutdown.abort();
      const stopping = queue.stop();
      await untilIdle(listeners, clock, graceMs);
      await Promise.race([stopping, clock.sleep(graceMs)]);
      await opened.disposeAsync();
    },
  };
}

/** The configuration in force, and views of it that follow a reload. */
class LiveConfig {
  #config: Config;
  #directory: Directory;
  readonly directory: Live<Directory>;

  constructor(config: Config) {
    this.#config = config;
    this.#directory = makeDirectory(config.directory);
    const directory = () => this.#directory;
    this.directory = {
      get current() {
        return directory();
      },
    };
  }

  get current(): Config {
    return this.#config;
  }

  of<T>(view: (config: Config) => T): Live<T> {
    const config = () => this.#config;
    return {
      get current() {
        return view(config());
      },
    };
  }

  replace(config: Config, directory: Directory): void {
    this.#config = config;
    this.#directory = directory;
  }
}

async function ensureAccounts(store: Store, directory: Directory): Promise<void> {
  await Promise.all(directory.accounts().map(({ name }) => store.accounts.ensure(name)));
}

interface SessionParts extends Authenticators {
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly live: LiveConfig;
  readonly store: Store;
  readonly door: ReturnType<typeof makeDoor>;
  readonly shutdown: AbortSignal;
}

function makeSessions(parts: SessionParts): Sessions {
  const { live, ...rest } = parts;
  const common = { ...rest, plaintextAuth: live.of((config) => config.plaintextAuth === "loopback") };
  const smtp = {
    ...common,
    limits: live.of((config) => config.limits.smtp),
    rates: new ClientRates({ clock: parts.clock, limits: live.of((config) => config.limits.rates) }),
  };
  const imap = {
    ...common,
    limits: live.of((config) => config.limits.imap),
    sessions: { open: 0 },
  };
  const pop3 = {
    ...common,
    limits: live.of((config) => config.limits.pop3),
    locks: makeMaildropLocks(),
  };
  // RFC 5321 section 3.8, RFC 3501 section 7.1.5, RFC 3206 section 4.
  const [smtpBusy, imapBusy, pop3Busy] = [
    `421 4.3.2 ${parts.hostname} Too many connections, try again later\r\n`,
    "* BYE [UNAVAILABLE] Too many connections, try again later\r\n",
    "-ERR [SYS/TEMP] Too many connections, try again later\r\n",
  ];
  const row = (implicitTls: boolean, refusal: string, serve: (conn: Conn) => Promise<void>) => {
    return { implicitTls, refusal, serve };
  };
  return {
    smtp: row(false, smtpBusy, (conn) => serveSmtp(conn, "smtp", smtp)),
    submission: row(false, smtpBusy, (conn) => serveSmtp(conn, "submission", smtp)),
    submissions: row(true, smtpBusy, (conn) => serveSmtp(conn, "submissions", smtp)),
    lmtp: row(false, smtpBusy, (conn) => serveSmtp(conn, "lmtp", smtp)),
    imap: row(false, imapBusy, (conn) => serveImap(conn, imap)),
    imaps: row(true, imapBusy, (conn) => serveImap(conn, imap)),
    pop3: row(false, pop3Busy, (conn) => servePop3(conn, pop3)),
    pop3s: row(true, pop3Busy, (conn) => servePop3(conn, pop3)),
  };
}

interface NamedListener {
  readonly name: string;
  readonly listener: Listener;
}

interface ListenParts {
  readonly config: Config;
  readonly live: LiveConfig;
  readonly tls: ServerTls;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly sessions: Sessions;
}

async function openListeners(parts: ListenParts): Promise<NamedListener[]> {
  const { config, live, tls, log, metrics, sessions } = parts;
  const limits = live.of((current) => current.limits.connections);
  const proxies = liveNetworks(live.of((current) => current.proxy.networks));
  const trusted = liveNetworks(live.of((current) => current.lmtp.networks));
  const stranger = encodeLatin1(`554 5.7.1 ${config.hostname} Not for your address: see lmtp.networks\r\n`);
  const opened: NamedListener[] = [];
  try {
    for (const [name, session] of Object.entries(sessions)) {
      const refusal = encodeLatin1(session.refusal);
      for (const endpoint of config.listen[name as ListenerName]) {
        const listener = await listen({
          endpoint,
          tls,
          implicitTls: session.implicitTls,
          limits,
          proxies,
          ...(name === "lmtp" ? { clients: trusted } : {}),
          log,
          metrics,
          name,
          // Behind implicit TLS a plain line would only be a broken handshake.
          refusal: (why) => session.implicitTls ? null : why === "not-allowed" ? stranger : refusal,
          onConnection: session.serve,
        });
        opened.push({ name, listener });
      }
    }
  } catch (error) {
    for (const { listener } of opened) listener.close();
    throw error;
  }
  return opened;
}

interface HttpParts {
  readonly config: Config;
  readonly store: Store;
  readonly metrics: ReturnType<typeof makeMetrics>;
  readonly log: Log;
  readonly isStopping: () => boolean;
}

function openHttp(parts: HttpParts): Promise<{ endpoint: Endpoint; close(): Promise<void> }[]> {
  const { config, store, metrics, log, isStopping } = parts;
  const metricsText = () => {
    const stats = store.stats();
    metrics.gauge("mailden_queue_messages", stats.queuedMessages);
    metrics.gauge("mailden_queue_recipients", stats.queuedRecipients);
    metrics.gauge("mailden_store_commits", stats.commits);
    metrics.gauge("mailden_store_writes", stats.writes);
    metrics.gauge("mailden_store_commit_seconds_sum", stats.commitSeconds);
    metrics.gauge("mailden_store_last_commit_seconds", stats.lastCommitSeconds);
    return metrics.text();
  };
  const health = () => {
    const { queuedMessages, trouble = null } = store.stats();
    return {
      ok: !isStopping() && trouble === null,
      detail: { stopping: isStopping(), queued: queuedMessages, ...(trouble === null ? {} : { trouble }) },
    };
  };
  const open = (endpoint: Endpoint) => startHttp({ endpoint, metricsText, health, log });
  return Promise.all(config.listen.http.map(open));
}

/** Waits until every session has ended, for at most so long. */
async function untilIdle(listeners: readonly NamedListener[], clock: Clock, graceMs: number): Promise<void> {
  const until = clock.now() + graceMs;
  while (clock.now() < until && listeners.some(({ listener }) => listener.sessions > 0)) {
    await clock.sleep(20);
  }
}
