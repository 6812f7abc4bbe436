import { ConnectionLostError, TimeoutError } from "../core/errors.ts";
import { makeId } from "../core/id.ts";
import type { Conn, Endpoint, Live, Log, Metrics } from "../core/ports.ts";
import { toEndpoint } from "./address.ts";
import { StreamConn } from "./conn.ts";
import { errorText } from "./error_text.ts";
import { Gate, type ListenLimits, type RefusalReason } from "./gate.ts";
import { systemClock, systemRandom } from "./system.ts";
import { TcpStream } from "./tcp_stream.ts";
import type { ServerTls } from "./tls/mod.ts";

export { defaultListenLimits, type ListenLimits, type RefusalReason } from "./gate.ts";

export interface ListenOptions {
  /** The host may be empty: every address, of IPv6 and of IPv4. */
  readonly endpoint: Endpoint;
  /** What STARTTLS and implicit TLS use; null for neither. */
  readonly tls: ServerTls | null;
  readonly implicitTls: boolean;
  readonly limits: Live<ListenLimits>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The service's name, as in `submission`; it stands in log lines and labels. */
  readonly name: string;
  /** What is said to a client that cannot come in, before the connection is closed. */
  refusal(why: RefusalReason): Uint8Array | null;
  /** The session. The connection is closed when it resolves, if it is not yet. */
  onConnection(conn: Conn): Promise<void>;
}

export interface Listener {
  /** With the actual port when 0 was asked. */
  readonly endpoint: Endpoint;
  /** Connections that are open, those that are just being closed included. */
  readonly sessions: number;
  /** Stops accepting; sessions go on. */
  close(): void;
}

/** How long to wait after a failed accept: it fails for want of descriptors or memory, and would at once fail again. */
const ACCEPT_PAUSE_MS = 100;
/** Refusals are logged one by one up to one in this time, so that a flood does not fill the disk. */
const REFUSAL_LOG_MS = 1000;

/** Opens a listening socket and runs a session for each client that may come in. */
export async function listen(options: ListenOptions): Promise<Listener> {
  if (options.implicitTls && options.tls === null) {
    throw new Error(`The ${options.name} listener needs a certificate: it speaks TLS from the first byte`);
  }
  return new TcpListener(bind(options), options);
}

function bind({ endpoint: { host, port }, name }: ListenOptions): Deno.TcpListener {
  try {
    if (host !== "") return Deno.listen({ hostname: host, port });
    try {
      // One socket for both families (RFC 3493 section 5.3).
      return Deno.listen({ hostname: "::", port });
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) {
        throw error;
      }
      return Deno.listen({ hostname: "0.0.0.0", port });
    }
  } catch (error) {
    throw new Error(`Cannot listen on ${host || "*"}:${port} for ${name}: ${bindAdvice(error)}`, {
      cause: error,
    });
  }
}

function bindAdvice(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "another program uses this port. Stop it, or choose another port";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "permission denied. Ports below 1024 need root or CAP_NET_BIND_SERVICE";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  return errorText(error);
}

class TcpListener implements Listener {
  readonly endpoint: Endpoint;
  #options: ListenOptions;
  #socket: Deno.TcpListener;
  #gate: Gate;
  #closed = false;
  #refusalsUnlogged = 0;
  #refusalLoggedAt = -Infinity;

  constructor(socket: Deno.TcpListener, options: ListenOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#gate = new Gate(options.limits);
    this.endpoint = toEndpoint(socket.addr);
    this.#acceptAll();
  }

  get sessions(): number {
    return this.#gate.total;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  async #acceptAll(): Promise<void> {
    const { log, name } = this.#options;
    while (!this.#closed) {
      try {
        this.#accepted(await this.#socket.accept());
      } catch (error) {
        if (this.#closed) return;
        log.error("accept-failed", { service: name, error: errorText(error) });
        await systemClock.sleep(ACCEPT_PAUSE_MS);
      }
    }
  }

  #accepted(socket: Deno.TcpConn): void {
    const remote = toEndpoint(socket.remoteAddr);
    const why = this.#closed ? "shutting-down" : this.#gate.enter(remote.host);
    if (why !== null) {
      this.#refuse(socket, remote, why);
      return;
    }
    this.#serve(socket, remote);
  }

  async #serve(socket: Deno.TcpConn, remote: Endpoint): Promise<void> {
    const { limits, metrics, name, onConnection, implicitTls, tls } = this.#options;
    const conn = new StreamConn(new TcpStream(socket), {
      id: makeId(systemClock, systemRandom),
      local: toEndpoint(socket.localAddr),
      remote,
      writeTimeoutMs: () => limits.current.writeTimeoutMs,
      serverTls: tls === null ? null : { identity: tls, timeoutMs: () => limits.current.handshakeTimeoutMs },
    });
    this.#count();
    metrics.count("mailden_connections_total", { service: name });
    try {
      setNoDelay(socket);
      if (!implicitTls || await this.#shakeHands(conn)) await onConnection(conn);
    } catch (error) {
      this.#logFailure(conn, error);
    }
    conn.close();
    await conn.closed;
    this.#gate.leave(remote.host);
    this.#count();
  }

  #logFailure(conn: StreamConn, error: unknown): void {
    const { log, name } = this.#options;
    const fields = { session: conn.id, service: name, reason: errorText(error) };
    if (error instanceof ConnectionLostError || error instanceof TimeoutError) {
      log.info("connection-lost", fields);
    } else log.error("session-failed", { ...fields, stack: error instanceof Error ? error.stack ?? "" : "" });
  }

  async #shakeHands(conn: StreamConn): Promise<boolean> {
    const { log, metrics, name } = this.#options;
    try {
      await conn.startTls();
      return true;
    } catch (error) {
      metrics.count("mailden_tls_failures_total", { service: name });
      const reason = errorText(error);
      log.info("tls-failed", { session: conn.id, service: name, remote: conn.remote.host, reason });
      return false;
    }
  }

  async #refuse(socket: Deno.TcpConn, remote: Endpoint, why: RefusalReason): Promise<void> {
    const { implicitTls, metrics, name, refusal } = this.#options;
    metrics.count("mailden_connections_refused_total", { service: name, why });
    this.#logRefusal(remote, why);
    const stream = new TcpStream(socket);
    // A client that expects TLS could not read it.
    const farewell = implicitTls ? null : refusal(why);
    // The few bytes fit into the empty buffer of a new socket, so this does not wait for the client.
    if (farewell !== null) await stream.write(farewell).catch(() => {});
    stream.destroy();
  }

  #logRefusal(remote: Endpoint, why: RefusalReason): void {
    const now = performance.now();
    if (now - this.#refusalLoggedAt < REFUSAL_LOG_MS) {
      this.#refusalsUnlogged++;
      return;
    }
    const { log, name } = this.#options;
    log.warn("connection-refused", {
      service: name,
      remote: remote.host,
      why,
      unlogged: this.#refusalsUnlogged,
    });
    this.#refusalLoggedAt = now;
    this.#refusalsUnlogged = 0;
  }

  #count(): void {
    this.#options.metrics.gauge("mailden_sessions", this.#gate.total, { service: this.#options.name });
  }
}

function setNoDelay(socket: Deno.TcpConn): void {
  try {
    socket.setNoDelay();
  } catch {
    // The client is gone already; the first read will tell.
  }
}
