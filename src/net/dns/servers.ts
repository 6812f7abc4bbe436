import { readFile, stat } from "node:fs/promises";
import type { Clock, Endpoint, Live, Log } from "../../core/ports.ts";
import { parseResolvConf, parseServerAddress } from "../../wire/dns/mod.ts";
import { errorText } from "../error_text.ts";

const DEFAULT_RESOLV_CONF = "/etc/resolv.conf";
/** How often we look whether resolv.conf has changed. */
const RECHECK_MS = 10_000;
/** A server that did not answer is asked last for this long, longer each time it fails again. */
const FIRST_PENALTY_MS = 10_000;
const MAX_PENALTY_MS = 300_000;
/** What the C library falls back to (resolv.conf(5)). */
const LOCAL_SERVER: Endpoint = { host: "127.0.0.1", port: 53 };

export interface ServerListOptions {
  /** Empty: those of resolv.conf. */
  readonly servers: Live<readonly string[]>;
  /** The file, where it is not /etc/resolv.conf. */
  readonly resolvConf?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The servers in the order in which to ask them: as configured, but those that lately kept silent come last. */
export class ServerList {
  #options: ServerListOptions;
  #configured: readonly string[] | null = null;
  #parsed: readonly Endpoint[] = [];
  #system: readonly Endpoint[] = [LOCAL_SERVER];
  #systemVersion = "";
  #systemCheckedAt = -Infinity;
  #failures = new Map<string, { count: number; until: number }>();

  constructor(options: ServerListOptions) {
    this.#options = options;
  }

  async inOrder(): Promise<Endpoint[]> {
    const now = this.#options.clock.now();
    const servers = await this.#current();
    const silentUntil = (server: Endpoint) => {
      const until = this.#failures.get(keyOf(server))?.until ?? 0;
      return until > now ? until : 0;
    };
    return servers.toSorted((a, b) => silentUntil(a) - silentUntil(b));
  }

  answered(server: Endpoint): void {
    if (this.#failures.delete(keyOf(server))) {
      this.#options.log.info("dns-server-back", { server: keyOf(server) });
    }
  }

  failed(server: Endpoint, reason: string): void {
    const { clock, log } = this.#options;
    const now = clock.now();
    const before = this.#failures.get(keyOf(server));
    // Look-ups that were under way together say the same thing once.
    if (before !== undefined && before.until > now) return;
    const count = (before?.count ?? 0) + 1;
    const penalty = Math.min(FIRST_PENALTY_MS * 2 ** (count - 1), MAX_PENALTY_MS);
    this.#failures.set(keyOf(server), { count, until: now + penalty });
    if (count === 1) log.warn("dns-server-silent", { server: keyOf(server), reason });
  }

  async #current(): Promise<readonly Endpoint[]> {
    const configured = this.#options.servers.current;
    if (configured !== this.#configured) {
      this.#configured = configured;
      this.#parsed = this.#parse(configured);
      this.#failures.clear();
    }
    if (configured.length > 0) return this.#parsed;
    await this.#checkSystem();
    return this.#system;
  }

  #parse(texts: readonly string[]): Endpoint[] {
    return texts.flatMap((text) => {
      const server = parseServerAddress(text);
      if (server !== null) return [server];
      this.#options.log.error("dns-server-not-understood", { server: text });
      return [];
    });
  }

  /** Reads resolv.conf when it has changed. */
  async #checkSystem(): Promise<void> {
    const { clock, log, resolvConf: file = DEFAULT_RESOLV_CONF } = this.#options;
    if (clock.now() - this.#systemCheckedAt < RECHECK_MS) return;
    this.#systemCheckedAt = clock.now();
    try {
      const { mtimeMs, size } = await stat(file);
      const version = `${mtimeMs} ${size}`;
      if (version === this.#systemVersion) return;
      const servers = parseResolvConf(await readFile(file, "utf8"));
      this.#system = servers.length > 0 ? servers : [LOCAL_SERVER];
      this.#systemVersion = version;
    } catch (error) {
      log.warn("resolv-conf-not-readable", { file, error: errorText(error) });
    }
  }
}

function keyOf({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
