/**
 * The composition root: the only place that knows every room. It reads from top to bottom in the order in which a
 * message meets the rooms; `stop` goes the other way round.
 */
import type { Clock, Log, Random } from "../core/ports.ts";
import { type GlobalScripts, makeFilter } from "../delivery/filter/mod.ts";
import { makeRemoteCourier } from "../delivery/remote/mod.ts";
import {
  type Directory,
  type Door,
  makeAuthenticators,
  makeDirectory,
  makeDoor,
  openScramSecret,
  openSrs,
} from "../intake/mod.ts";
import { connect } from "../net/connect.ts";
import { makeResolver } from "../net/dns/mod.ts";
import { makeFetchText } from "../net/fetch_text.ts";
import { openServerTls } from "../net/tls/mod.ts";
import { HoldRules, makeQueueRunner } from "../queue/mod.ts";
import { makeRetrieval } from "../retrieval/mod.ts";
import { type IndexSettings, openSqliteStore } from "../store/sqlite/mod.ts";
import type { Store } from "../store/mod.ts";
import type { makeMetrics } from "../web/metrics.ts";
import type { Config } from "./config/mod.ts";
import { makeControlHandlers } from "./control/handlers.ts";
import { makeSessions, openHttp, openListeners, untilIdle } from "./faces.ts";
import { LiveConfig } from "./live_config.ts";
import { makeFailureReporter } from "./maildrop/failure_report.ts";
import { startPickup } from "./maildrop/pickup.ts";
import { OwnListeners } from "./own_listeners.ts";
import { checkReload } from "./reload.ts";
import { filterAccounts, loadGlobalScripts } from "./sieve_files.ts";
import type { Running } from "./running.ts";
import { makeTracer } from "./trace/mod.ts";
import { version } from "./version.ts";
import { watchProcess } from "./watch.ts";

export interface WireUpOptions {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: ReturnType<typeof makeMetrics>;
  readonly clock: Clock;
  readonly random: Random;
}

/** How often certificate files are looked at. */
const CERTIFICATE_CHECK_MS = 30_000;

/** Opens everything in order; when a step fails, what was opened is closed again and the error is thrown. */
export async function wireUp(options: WireUpOptions): Promise<Running> {
  const opened = new AsyncDisposableStack();
  try {
    const ground = await openGround(options, opened);
    const rooms = await makeRooms(ground, opened);
    return await openFaces(ground, rooms, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

type Ground = Awaited<ReturnType<typeof openGround>>;
type Rooms = Awaited<ReturnType<typeof makeRooms>>;

/** What everything else stands on: the store, the trace that every log line goes through, the certificate, the resolver. */
async function openGround(options: WireUpOptions, opened: AsyncDisposableStack) {
  const { config, clock, random, metrics } = options;
  const { hostname } = config;
  const live = new LiveConfig(config);
  const failure = Promise.withResolvers<Error>();
  const store = await openSqliteStore({
    directory: config.data,
    clock,
    random,
    log: options.log,
    undeleteDays: config.store.undeleteDays,
    search: indexSettings(config),
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
  return { config, live, common, store, failure: failure.promise, tracer, tls, resolver };
}

/** The rooms that a message passes: the door, the queue and the courier, and who may log in. */
async function makeRooms(ground: Ground, opened: AsyncDisposableStack) {
  const { live, common, store, resolver } = ground;
  const holdRules = new HoldRules(store.facts);
  await holdRules.load();
  const globalScripts: { current: GlobalScripts } = { current: await loadGlobalScripts(live.current) };
  const filter = makeFilter({
    ...common,
    version,
    store,
    accounts: filterAccounts(live.directory),
    global: globalScripts,
    settings: live.of((current) => current.limits.sieve),
    submit: (envelope, message, context) => door.submit(envelope, message, context),
  });
  const door: Door = makeDoor({
    ...common,
    store,
    filter,
    directory: live.directory,
    limits: live.of((current) => current.limits.intake),
    submission: live.of((current) => current.submission),
    delivery: live.of((current) => current.delivery),
    srs: await openSrs(store.facts, common),
    holds: (sender, recipients) => holdRules.match(sender, recipients),
  });
  const authenticators = makeAuthenticators({
    ...common,
    store,
    directory: live.directory,
    limits: live.of((current) => current.limits.auth),
    scramSecret: await openScramSecret(store.facts, common),
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
  const retrieval = makeRetrieval({
    ...common,
    facts: store.facts,
    resolver,
    connect,
    submit: door.submit,
    admit: door.checkRecipient,
    sources: live.of((current) => current.sources),
    settings: live.of((current) => current.retrieval),
    messageSize: live.of((current) => current.limits.intake.messageSize),
    authorities: live.of((current) => current.outbound.authorities),
  });
  opened.defer(() => retrieval.stop());
  return { door, globalScripts, authenticators, queue, holdRules, ours, retrieval };
}

/** The listeners, HTTP and the maildrop; from here on mail comes in and goes out. */
async function openFaces(ground: Ground, rooms: Rooms, opened: AsyncDisposableStack): Promise<Running> {
  const { config, live, common, store, tls } = ground;
  const { clock, log, metrics } = common;
  const { door, authenticators, queue, ours, retrieval } = rooms;
  const shutdown = new AbortController();

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
  await retrieval.update();
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
    failed: ground.failure,
    control: makeControls(ground, rooms),
    listeners: [
      ...listeners.map(({ name, listener }) => ({ name, endpoint: listener.endpoint })),
      ...http.map(({ endpoint }) => ({ name: "http", endpoint })),
    ],
    async reload(next) {
      checkReload(live.current, next);
      const directory = makeDirectory(next.directory);
      const scripts = await loadGlobalScripts(next);
      await ensureAccounts(store, directory);
      live.replace(next, directory);
      rooms.globalScripts.current = scripts;
      await tls.refresh();
      queue.wake();
      await retrieval.update();
    },
    async stop(graceMs) {
      for (const { listener } of listeners) listener.close();
      shutdown.abort();
      const stopping = Promise.all([queue.stop(), retrieval.stop()]);
      await untilIdle(listeners, clock, graceMs);
      await Promise.race([stopping, clock.sleep(graceMs)]);
      await opened.disposeAsync();
    },
  };
}

function makeControls({ store, common, tracer }: Ground, { queue, holdRules, retrieval }: Rooms) {
  return makeControlHandlers({
    store,
    clock: common.clock,
    log: common.log,
    holdRules,
    reportDropped: (message) => queue.reportDropped(message),
    wakeQueue: () => queue.wake(),
    flushTrace: () => tracer.flush(),
    retrieval,
  });
}

function indexSettings({ search }: Config): IndexSettings | null {
  return search.index ? { maxText: search.textSize, delayMs: search.delayMs } : null;
}

async function ensureAccounts(store: Store, directory: Directory): Promise<void> {
  await Promise.all(directory.accounts().map(({ name }) => store.accounts.ensure(name)));
}
