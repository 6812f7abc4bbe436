import net from "node:net";
import { ConnectionLostError, TimeoutError } from "../core/errors.ts";
import { plainAddress, toEndpoint } from "./address.ts";
import { type ClientConn, StreamConn } from "./conn.ts";
import { errorText } from "./error_text.ts";
import { NodeStream } from "./node_stream.ts";
import { TcpStream } from "./tcp_stream.ts";

export type { ClientConn } from "./conn.ts";
export type { ClientTlsOptions, TlsPeer } from "./tls_stream.ts";

const DEFAULT_WRITE_TIMEOUT_MS = 180_000;

export interface ConnectOptions {
  /** An IP address: names are the resolver's business. */
  readonly host: string;
  readonly port: number;
  /** For the connection to be there. */
  readonly timeoutMs: number;
  /** For each write afterwards; three minutes when not given (RFC 5321 section 4.5.3.2.5). */
  readonly writeTimeoutMs?: number;
  /** The address of ours to connect from; else the system chooses. */
  readonly localAddress?: string;
  readonly id: string;
  readonly signal?: AbortSignal;
}

/** Connects; throws `TimeoutError` or `ConnectionLostError`. */
export async function connect(options: ConnectOptions): Promise<ClientConn> {
  if (net.isIP(options.host) === 0) throw new Error(`Connect needs an IP address, not ${options.host}`);
  return await (options.localAddress === undefined ? connectDirectly(options) : connectFrom(options));
}

async function connectDirectly(options: ConnectOptions): Promise<ClientConn> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), options.timeoutMs);
  const signal = options.signal === undefined
    ? timeout.signal
    : AbortSignal.any([timeout.signal, options.signal]);
  try {
    const socket = await Deno.connect({ hostname: options.host, port: options.port, signal });
    socket.setNoDelay();
    return new StreamConn(new TcpStream(socket), {
      ...fixed(options),
      local: toEndpoint(socket.localAddr),
      remote: toEndpoint(socket.remoteAddr),
    });
  } catch (error) {
    throw failure(options, timeout.signal.aborted ? null : error);
  } finally {
    clearTimeout(timer);
  }
}

/** The runtime's own sockets cannot choose their local address; Node's can. */
function connectFrom(options: ConnectOptions): Promise<ClientConn> {
  const { host, port, localAddress, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, localAddress, noDelay: true, allowHalfOpen: true });
    const fail = (error: unknown) => {
      leave();
      socket.destroy();
      reject(failure(options, error));
    };
    const late = () => fail(null);
    const aborted = () => fail(signal?.reason);
    const connected = () => {
      leave();
      resolve(
        new StreamConn(new NodeStream(socket), {
          ...fixed(options),
          local: { host: plainAddress(socket.localAddress ?? ""), port: socket.localPort ?? 0 },
          remote: { host: plainAddress(host), port },
        }),
      );
    };
    const timer = setTimeout(late, options.timeoutMs);
    const leave = () => {
      clearTimeout(timer);
      socket.off("connect", connected);
      signal?.removeEventListener("abort", aborted);
    };
    // Stays for good: a socket that failed may say so again.
    socket.on("error", fail);
    socket.on("connect", connected);
    if (signal?.aborted) aborted();
    else signal?.addEventListener("abort", aborted);
  });
}

function fixed({ id, writeTimeoutMs = DEFAULT_WRITE_TIMEOUT_MS }: ConnectOptions) {
  return { id, writeTimeoutMs: () => writeTimeoutMs, serverTls: null };
}

/** `error` null means that time ran out. */
function failure({ host, port, timeoutMs }: ConnectOptions, error: unknown): Error {
  if (error === null) {
    return new TimeoutError(`No connection to ${host}:${port} within ${timeoutMs / 1000} seconds`);
  }
  return new ConnectionLostError(`Cannot connect to ${host}:${port}: ${errorText(error)}`, { cause: error });
}
