/** What the world sees of a server: its sessions behind their listeners, and HTTP. Part of the composition root. */
import { encodeLatin1 } from "../core/bytes.ts";
import type { Clock, Conn, Endpoint, Log, Metrics, Random } from "../core/ports.ts";
import type { Authenticators, makeDoor } from "../intake/mod.ts";
import { listen, type Listener } from "../net/listen.ts";
import { liveNetworks } from "../net/networks.ts";
import type { ServerTls } from "../net/tls/mod.ts";
import { serveImap } from "../session/imap/mod.ts";
import { serveManageSieve } from "../session/managesieve/mod.ts";
import { makeMaildropLocks, servePop3 } from "../session/pop3/mod.ts";
import { ClientRates, serveSmtp } from "../session/smtp/mod.ts";
import type { Store } from "../store/mod.ts";
import type { makeMetrics } from "../web/metrics.ts";
import { startHttp } from "../web/mod.ts";
import type { Config, ListenerName } from "./config/mod.ts";
import type { LiveConfig } from "./live_config.ts";
import { makeSieveLanguage } from "./sieve_language.ts";

/** The protocol sessions, by listener. */
type Sessions = Readonly<
  Record<Exclude<ListenerName, "http">, {
    readonly implicitTls: boolean;
    readonly refusal: string;
    readonly serve: (conn: Conn) => Promise<void>;
  }>
>;

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

export function makeSessions(parts: SessionParts): Sessions {
  const { live, ...rest } = parts;
  const common = { ...rest, plaintextAuth: live.of((config) => config.plaintextAuth === "loopback") };
  const smtp = {
    ...common,
    limits: live.of((config) => config.limits.smtp),
    strangersDsn: live.of((config) => config.delivery.strangersDsn),
    rates: new ClientRates({ clock: parts.clock, limits: live.of((config) => config.limits.rates) }),
  };
  const imap = {
    ...common,
    limits: live.of((config) => config.limits.imap),
    directory: live.directory,
    sessions: { open: 0, compressed: 0 },
  };
  const pop3 = {
    ...common,
    limits: live.of((config) => config.limits.pop3),
    locks: makeMaildropLocks(),
  };
  const managesieve = {
    ...common,
    limits: live.of((config) => config.limits.managesieve),
    language: live.of((config) => makeSieveLanguage(config.limits.sieve)),
    scriptLimits: live.of(({ limits: { sieve: { filter } } }) => {
      return { count: filter.scripts, bytes: filter.scriptsBytes };
    }),
  };
  // RFC 5321 section 3.8, RFC 3501 section 7.1.5, RFC 3206 section 4, RFC 5804 section 1.3.
  const [smtpBusy, imapBusy, pop3Busy, managesieveBusy] = [
    `421 4.3.2 ${parts.hostname} Too many connections, try again later\r\n`,
    "* BYE [UNAVAILABLE] Too many connections, try again later\r\n",
    "-ERR [SYS/TEMP] Too many connections, try again later\r\n",
    'BYE (TRYLATER) "Too many connections, try again later"\r\n',
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
    managesieve: row(false, managesieveBusy, (conn) => serveManageSieve(conn, managesieve)),
  };
}

export interface NamedListener {
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

export async function openListeners(parts: ListenParts): Promise<NamedListener[]> {
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

export function openHttp(parts: HttpParts): Promise<{ endpoint: Endpoint; close(): Promise<void> }[]> {
  const { config, store, metrics, log, isStopping } = parts;
  const metricsText = () => {
    const stats = store.stats();
    metrics.gauge("mailden_queue_messages", stats.queuedMessages);
    metrics.gauge("mailden_queue_recipients", stats.queuedRecipients);
    metrics.gauge("mailden_store_commits", stats.commits);
    metrics.gauge("mailden_store_writes", stats.writes);
    metrics.gauge("mailden_store_commit_seconds_sum", stats.commitSeconds);
    metrics.gauge("mailden_store_last_commit_seconds", stats.lastCommitSeconds);
    metrics.gauge("mailden_search_unindexed_messages", stats.unindexedBodies ?? 0);
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
export async function untilIdle(
  listeners: readonly NamedListener[],
  clock: Clock,
  graceMs: number,
): Promise<void> {
  const until = clock.now() + graceMs;
  while (clock.now() < until && listeners.some(({ listener }) => listener.sessions > 0)) {
    await clock.sleep(20);
  }
}
