/**
 * A connection in memory, for tests of sessions: the server's side is a `Conn`, the client's side reads and writes text.
 * What the client writes reaches the server whole, or cut into pieces of `chunkSize` bytes.
 */
import { concatBytes, decodeLatin1, decodeUtf8, encodeUtf8, LF } from "../../src/core/bytes.ts";
import { ConnectionLostError, TimeoutError } from "../../src/core/errors.ts";
import type { Conn, Endpoint, TlsInfo } from "../../src/core/ports.ts";

export const TEST_TLS: TlsInfo = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", servername: null };

export interface ConnPairOptions {
  readonly id?: string;
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  /** TLS from the start, as on port 465. */
  readonly tls?: TlsInfo | null;
  /** How many bytes the server gets at a time: 1 is byte by byte; by default each write arrives whole. */
  readonly chunkSize?: number;
  /** What `startTls` does besides setting the TLS info; a throw is a handshake that failed. */
  readonly onStartTls?: () => void | Promise<void>;
}

export interface FakeClient {
  /** Text is sent as UTF-8. Returns at once: the server reads when it reads. */
  write(data: string | Uint8Array): void;
  /** The next line without CR LF, as UTF-8; null when the server has closed. */
  readLine(): Promise<string | null>;
  /** Exactly so many bytes (an IMAP literal); fails when the server closes before. */
  readBytes(length: number): Promise<Uint8Array>;
  /** Whatever has come, at least one byte; null when the server has closed. */
  readSome(): Promise<Uint8Array | null>;
  /** Everything up to the server's close, as UTF-8. */
  readAll(): Promise<string>;
  /** The end of what the client sends; the server's answers can still be read. */
  close(): void;
  /** The connection breaks: the server's reads and writes fail. */
  reset(): void;
  /** The server closed. */
  readonly closed: boolean;
  /** What the server wrote, one entry per write, as ISO 8859-1. */
  readonly writes: readonly string[];
}

export interface ConnPair {
  readonly server: Conn;
  readonly client: FakeClient;
}

export function connPair(options: ConnPairOptions = {}): ConnPair {
  const toServer = new Pipe(options.chunkSize ?? Infinity);
  const toClient = new Pipe(Infinity);
  return { server: new FakeServerConn(toServer, toClient, options), client: new Client(toServer, toClient) };
}

/** Bytes on their way in one direction. */
class Pipe {
  readonly #chunkSize: number;
  #chunks: Uint8Array[] = [];
  #ended = false;
  #broken = false;
  #wake: (() => void) | null = null;

  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize;
  }

  get ended(): boolean {
    return this.#ended;
  }

  put(bytes: Uint8Array): void {
    if (this.#broken) throw new ConnectionLostError("The connection was reset");
    // A copy, since the writer may use its buffer again.
    if (bytes.length > 0) this.#chunks.push(bytes.slice());
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  break(): void {
    this.#broken = true;
    this.#wake?.();
  }

  /** Rejects with `TimeoutError` when nothing comes in time. */
  async take(timeoutMs: number | null): Promise<Uint8Array | null> {
    if (this.#chunks.length === 0 && !this.#ended && !this.#broken) await this.#arrival(timeoutMs);
    if (this.#broken) throw new ConnectionLostError("The connection was reset");
    const first = this.#chunks.shift();
    if (first === undefined) return null;
    if (first.length <= this.#chunkSize) return first;
    this.#chunks.unshift(first.subarray(this.#chunkSize));
    return first.subarray(0, this.#chunkSize);
  }

  #arrival(timeoutMs: number | null): Promise<void> {
    if (this.#wake !== null) throw new Error("Two reads at a time on one connection");
    return new Promise((resolve, reject) => {
      const timer = timeoutMs === null || timeoutMs > 0x7fffffff ? undefined : setTimeout(() => {
        this.#wake = null;
        reject(new TimeoutError("Nothing came in time"));
      }, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}

class FakeServerConn implements Conn {
  readonly id: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  #tls: TlsInfo | null;
  readonly #in: Pipe;
  readonly #out: Pipe;
  readonly #onStartTls: () => void | Promise<void>;

  constructor(input: Pipe, output: Pipe, options: ConnPairOptions) {
    this.id = options.id ?? "s1";
    this.local = options.local ?? { host: "192.0.2.1", port: 25 };
    this.remote = options.remote ?? { host: "198.51.100.7", port: 40000 };
    this.#tls = options.tls ?? null;
    this.#in = input;
    this.#out = output;
    this.#onStartTls = options.onStartTls ?? (() => {});
  }

  get tls(): TlsInfo | null {
    return this.#tls;
  }

  read(timeoutMs: number): Promise<Uint8Array | null> {
    return this.#out.ended ? Promise.resolve(null) : this.#in.take(timeoutMs);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#out.ended) return Promise.reject(new ConnectionLostError("The connection is closed"));
    try {
      this.#out.put(bytes);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async startTls(): Promise<void> {
    await this.#onStartTls();
    this.#tls = TEST_TLS;
  }

  close(): void {
    this.#out.end();
    this.#in.end();
  }
}

class Client implements FakeClient {
  readonly #out: Pipe;
  readonly #in: Pipe;
  #buffer: Uint8Array = new Uint8Array(0);
  readonly writes: string[] = [];

  constructor(output: Pipe, input: Pipe) {
    this.#out = output;
    this.#in = input;
  }

  get closed(): boolean {
    return this.#in.ended;
  }

  write(data: string | Uint8Array): void {
    this.#out.put(typeof data === "string" ? encodeUtf8(data) : data);
  }

  async readLine(): Promise<string | null> {
    for (;;) {
      const end = this.#buffer.indexOf(LF);
      if (end >= 0) return decodeUtf8(this.#cut(end + 1)).replace(/\r?\n$/, "");
      if (!await this.#fill()) return this.#buffer.length === 0 ? null : decodeUtf8(this.#cut(Infinity));
    }
  }

  async readBytes(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) {
      if (!await this.#fill()) throw new ConnectionLostError("The server closed too early");
    }
    return this.#cut(length);
  }

  async readSome(): Promise<Uint8Array | null> {
    if (this.#buffer.length === 0 && !await this.#fill()) return null;
    return this.#cut(Infinity);
  }

  async readAll(): Promise<string> {
    while (await this.#fill());
    return decodeUtf8(this.#cut(Infinity));
  }

  close(): void {
    this.#out.end();
  }

  reset(): void {
    this.#out.break();
    this.#in.break();
  }

  #cut(length: number): Uint8Array {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(taken.length);
    return taken;
  }

  async #fill(): Promise<boolean> {
    const chunk = await this.#in.take(null);
    if (chunk === null) return false;
    this.writes.push(decodeLatin1(chunk));
    this.#buffer = concatBytes([this.#buffer, chunk]);
    return true;
  }
}
