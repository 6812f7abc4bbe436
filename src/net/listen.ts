import { ConnectionLostError, TimeoutError } from "../core/errors.ts";
import { makeId } from "../core/id.ts";
import type { Conn, Endpoint, Live, Log, Metrics } from "../core/ports.ts";
import { toEndpoint } from "./address.ts";
import { StreamConn } from "./conn.ts";
import { errorText } from "./error_text.ts";
import { bindUnix } from "./listen_unix.ts";
import { Gate, type ListenLimits, type RefusalReason } from "./gate.ts";
import { systemClock, systemRandom } from "./system.ts";
import type { Networks } from "./networks.ts";
import { readProxyHeader } from "./proxied_stream.ts";
import type { ByteStream } from "./stream.ts";
import { TcpStream } from "./tcp_stream.ts";
import type { ServerTls } from "./tls/mod.ts";

export { defaultListenLimits, type ListenLimits, type RefusalReason } from "./gate.ts";

export interface ListenOptions {
  /** The host may be empty: every address, of IPv6 and of IPv4. With a path it is a unix socket. */
  readonly endpoint: Endpoint;
  /** What STARTTLS and implicit TLS use; null for neither. */
  readonly tls: ServerTls | null;
  readonly implicitTls: boolean;
  readonly limits: Live<ListenLimits>;
  /** Whoever comes from here is a proxy and must begin with a PROXY header, which names the client; before TLS too. */
  readonly proxies?: Live<Networks>;
  /** Only clients from here may come in; without it, all may. */
  readonly clients?: Live<Networks>;
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

function bind({ endpoint: { host, port, path }, name }: ListenOptions): Deno.TcpListener | Deno.UnixListener {
  try {
    if (path !== undefined) return bindUnix(path);
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
    const where = path ?? `${host || "*"}:${port}`;
    throw new Error(`Cannot listen on ${where} for ${name}: ${bindAdvice(error)}`, {
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

type Socket = Deno.TcpConn | Deno.UnixConn;

/** A client that is in, and how its bytes come. */
interface Visitor {
  readonly stream: ByteStream;
  readonly remote: Endpoint;
  readonly local: Endpoint;
}

class TcpListener implements Listener {
  readonly endpoint: Endpoint;
  #options: ListenOptions;
  #socket: Deno.TcpListener | Deno.UnixListener;
  #gate: Gate;
  #closed = false;
  #refusalsUnlogged = 0;
  #refusalLoggedAt = -Infinity;

  constructor(socket: Deno.TcpListener | Deno.UnixListener, options: ListenOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#gate = new Gate(options.limits);
    this.endpoint = options.endpoint.path === undefined ? toEndpoint(socket.addr) : options.endpoint;
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
    const { log, metrics, name } = this.#options;
    while (!this.#closed) {
      try {
        this.#accepted(await this.#socket.accept());
      } catch (error) {
        if (this.#closed) return;
        if (isGone(error)) {
          metrics.count("mailden_connections_gone_total", { service: name });
          continue;
        }
        log.error("accept-failed", { service: name, error: errorText(error) });
        await systemClock.sleep(ACCEPT_PAUSE_MS);
      }
    }
  }

  #accepted(socket: Socket): void {
    if ("setNoDelay" in socket) setNoDelay(socket);
    const visitor: Visitor = {
      stream: new TcpStream(socket),
      remote: toEndpoint(socket.remoteAddr),
      local: toEndpoint(socket.localAddr),
    };
    const isProxy = this.endpoint.path === undefined &&
      (this.#options.proxies?.current.has(visitor.remote.host) ?? false);
    if (isProxy) void this.#acceptProxied(visitor);
    else this.#admit(visitor);
  }

  /** Finds out who is behind the proxy; then it is as if that client had come itself. */
  async #acceptProxied({ stream, remote, local }: Visitor): Promise<void> {
    const { limits, log, metrics, name } = this.#options;
    const why = this.#closed ? "shutting-down" : this.#gate.enterUnknown();
    if (why !== null) return void this.#refuse(stream, remote, why);
    let visitor: Visitor;
    try {
      const proxied = await readProxyHeader(stream, limits.current.handshakeTimeoutMs);
      const { source = remote, destination = local } = proxied.header.ends ?? {};
      visitor = { stream: proxied.stream, remote: source, local: destination };
    } catch (error) {
      metrics.count("mailden_proxy_failures_total", { service: name });
      log.warn("proxy-header-missing", { service: name, remote: remote.host, reason: errorText(error) });
      return;
    } finally {
      this.#gate.leaveUnknown();
    }
    this.#admit(visitor);
  }

  #admit(visitor: Visitor): void {
    const { host } = visitor.remote;
    const why = this.#closed ? "shutting-down" : this.#gate.enter(host);
    if (why !== null) {
      this.#refuse(visitor.stream, visitor.remote, why);
    } else if (!(this.#options.clients?.current.has(host) ?? true)) {
      this.#gate.leave(host);
      this.#refuse(visitor.stream, visitor.remote, "not-allowed");
    } else this.#serve(visitor);
  }

  async #serve({ stream, remote, local }: Visitor): Promise<void> {
    const { limits, metrics, name, onConnection, implicitTls, tls } = this.#options;
    const conn = new StreamConn(stream, {
      id: makeId(systemClock, systemRandom),
      local,
      remote,
      writeTimeoutMs: () => limits.current.writeTimeoutMs,
      serverTls: tls === null ? null : { identity: tls, timeoutMs: () => limits.current.handshakeTimeoutMs },
    });
    this.#count();
    metrics.count("mailden_connections_total", { service: name });
    try {
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

  async #refuse(stream: ByteStream, remote: Endpoint, why: RefusalReason): Promise<void> {
    const { implicitTls, metrics, name, refusal } = this.#options;
    metrics.count("mailden_connections_refused_total", { service: name, why });
    this.#logRefusal(remote, why);
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

/**
 * The client reset the connection before we came to accept it. It was taken out of the line all the same, so there is
 * nothing to wait for: whoever does this on purpose must not keep the others waiting.
 */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

function setNoDelay(socket: Deno.TcpConn): void {
  try {
    socket.setNoDelay();
  } catch {
    // The client is gone already; the first read will tell.
  }
}
