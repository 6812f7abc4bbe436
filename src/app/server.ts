import { join } from "node:path";
import type { Log } from "../core/ports.ts";
import { makeMetrics } from "../web/metrics.ts";
import type { CommandDeps } from "./cli/command.ts";
import type { ConfigSource } from "./config/locate.ts";
import { type Config, CONTROL_SOCKET, formatEndpoint, loadConfig } from "./config/mod.ts";
import { startControl } from "./control/mod.ts";
import { catchFaults } from "./faults.ts";
import { lockDataFolder } from "./lock.ts";
import { type LogSettings, openStderrLog } from "./log/mod.ts";
import type { Running } from "./running.ts";
import { watchSignals } from "./signals.ts";
import { version } from "./version.ts";

export interface ServerOptions {
  readonly source: ConfigSource;
  readonly config: Config;
  readonly deps: CommandDeps;
  /** Has the last word on a configuration that was read, at the start (the data folder is ours by then) and at each reload. */
  readonly prepare: (config: Config) => Config;
  /** Called once, when everything listens. */
  readonly onStarted: (running: Running) => Promise<void>;
}

/** What DESIGN.md allows for running commands to finish. */
const GRACE_MS = 10_000;
/** Without a store there is little that a running command could still finish. */
const FAILED_GRACE_MS = 1000;
/** And for what comes after them: closing the store, above all. */
const CLOSING_MS = 10_000;

/** Runs a server until a signal stops it; resolves with the exit code. The data folder is ours until then. */
export async function runServer(options: ServerOptions): Promise<number> {
  const lock = await lockDataFolder(options.config.data);
  const settings = { current: options.config.log };
  const { log, close } = openStderrLog({ settings, clock: options.deps.clock });
  const stopCatching = catchFaults(log);
  try {
    return await new Server(options, log, settings).run();
  } finally {
    stopCatching();
    await close();
    lock.release();
  }
}

class Server {
  readonly #options: ServerOptions;
  readonly #log: Log;
  readonly #logSettings: { current: LogSettings };
  readonly #startedAt: number;
  /** Reloads run one after the other. */
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(options: ServerOptions, log: Log, logSettings: { current: LogSettings }) {
    this.#options = options;
    this.#log = log;
    this.#logSettings = logSettings;
    this.#startedAt = options.deps.clock.now();
  }

  async run(): Promise<number> {
    const { source, deps, prepare } = this.#options;
    const config = prepare(this.#options.config);
    this.#log.info("starting", { version, pid: Deno.pid, config: source.path, data: config.data });
    const running = await deps.wireUp({
      config,
      configPath: source.path,
      log: this.#log,
      metrics: makeMetrics(),
      clock: deps.clock,
      random: deps.random,
    });
    let end: string | Error = "";
    try {
      end = await this.#serve(running);
      if (end instanceof Error) {
        this.#log.error("failed", { error: end.message, advice: "Start the server again" });
      } else this.#log.info("stopping", { signal: end });
    } finally {
      await this.#stop(running, end instanceof Error ? FAILED_GRACE_MS : GRACE_MS);
    }
    this.#log.info("stopped");
    // An error, so that whoever watches over us starts us again.
    return end instanceof Error ? 1 : 0;
  }

  /** Resolves with the signal that ends it, or with what makes it impossible to go on. */
  async #serve(running: Running): Promise<string | Error> {
    const control = await startControl({
      path: join(this.#options.config.data, CONTROL_SOCKET),
      handlers: running.control,
      status: () => ({
        pid: Deno.pid,
        version,
        startedAt: this.#startedAt,
        config: this.#options.source.path,
        listeners: running.listeners,
      }),
      reload: () => this.#reload(running),
      log: this.#log,
    });
    const signals = watchSignals({
      log: this.#log,
      // Its failure is in the log already.
      onReload: () => this.#reload(running).catch(() => {}),
      exit: (code) => Deno.exit(code),
    });
    try {
      await this.#options.onStarted(running);
      this.#log.info("started", {
        listeners: running.listeners.map(({ name, endpoint }) => `${name} ${formatEndpoint(endpoint)}`),
      });
      return await Promise.race([signals.stopping, running.failed]);
    } finally {
      // The signals stay watched until the end, so that a second one ends a stop that takes too long.
      await control.close();
    }
  }

  #reload(running: Running): Promise<void> {
    const reloading = this.#reloading.then(() => this.#reloadNow(running));
    this.#reloading = reloading.catch(() => {});
    return reloading;
  }

  async #reloadNow(running: Running): Promise<void> {
    const { source, prepare } = this.#options;
    try {
      const config = prepare(await loadConfig(source.path));
      await running.reload(config);
      this.#logSettings.current = config.log;
      this.#log.info("reloaded", { config: source.path });
    } catch (error) {
      const problems = error instanceof Error ? error.message.split("\n") : [String(error)];
      this.#log.error("reload-failed", { config: source.path, kept: "the old configuration", problems });
      throw error;
    }
  }

  async #stop(running: Running, graceMs: number): Promise<void> {
    const abort = new AbortController();
    const tooLate = this.#options.deps.clock.sleep(graceMs + CLOSING_MS, abort.signal).then(() => {
      if (!abort.signal.aborted) {
        throw new Error("The server did not stop in time; what is acknowledged is on disk");
      }
    });
    try {
      await Promise.race([running.stop(graceMs), tooLate]);
    } finally {
      abort.abort();
    }
  }
}
