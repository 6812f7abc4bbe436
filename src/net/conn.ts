import { ConnectionLostError, TimeoutError } from "../core/errors.ts";
import type { Conn, Endpoint, TlsInfo } from "../core/ports.ts";
import { Deadline } from "./deadline.ts";
import { asConnectionLost, type ByteStream } from "./stream.ts";
import { acceptTls, type ClientTlsOptions, requestTls, type TlsPeer, type TlsResult } from "./tls_stream.ts";
import type { ServerTls } from "./tls/mod.ts";

/** How long `close` goes on trying to get out what was written, and again to hear the other side's farewell. */
const FAREWELL_MS = 1000;
/** How much of what the other side still sends is read and thrown away then. */
const FAREWELL_BYTES = 256 * 1024;

/** A connection that we opened. */
export interface ClientConn extends Conn {
  /** As the client, hands the stream over to TLS; when that fails, the connection is of no further use. */
  startClientTls(options: ClientTlsOptions): Promise<TlsPeer>;
}

export interface ConnOptions {
  readonly id: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  writeTimeoutMs(): number;
  /** For `startTls`; null where we are the client, or have no certificate. */
  readonly serverTls: { readonly identity: ServerTls; timeoutMs(): number } | null;
}

/** What a caller of `read` or `write` waits on. */
type Waiter<T> = PromiseWithResolvers<T>;

const ignore = () => {};

/**
 * The one implementation of `Conn`: time limits, TLS and a clean end over a `ByteStream`. A read that was given up
 * stays under way below; what it brings goes to the next read.
 */
export class StreamConn implements ClientConn {
  readonly id: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  #tls: TlsInfo | null = null;
  #stream: ByteStream;
  #options: ConnOptions;

  #reader: Waiter<Uint8Array | null> | null = null;
  #reading = false;
  /** What a read brought when nobody waited any more. */
  #late: Uint8Array | null = null;
  #ended = false;
  #readDeadline: Deadline;

  #writer: Waiter<void> | null = null;
  #writeDeadline: Deadline;

  #broken: Error | null = null;
  #closing = false;
  #farewellBytes = 0;
  #closed = Promise.withResolvers<void>();

  constructor(stream: ByteStream, options: ConnOptions) {
    this.id = options.id;
    this.local = options.local;
    this.remote = options.remote;
    this.#stream = stream;
    this.#options = options;
    this.#readDeadline = new Deadline(() => this.#readExpired());
    this.#writeDeadline = new Deadline(() => this.#writeExpired());
  }

  get tls(): TlsInfo | null {
    return this.#tls;
  }

  /** Resolves when `close` has been called and all is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  read(timeoutMs: number): Promise<Uint8Array | null> {
    if (this.#reader !== null) return Promise.reject(new Error("Read one at a time: a read is under way"));
    if (this.#late !== null) {
      const chunk = this.#late;
      this.#late = null;
      return Promise.resolve(chunk);
    }
    if (this.#ended || this.#closing) return Promise.resolve(null);
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const waiter = Promise.withResolvers<Uint8Array | null>();
    this.#reader = waiter;
    this.#readDeadline.set(timeoutMs);
    this.#readOn();
    return waiter.promise;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#writer !== null) return Promise.reject(new Error("Write one at a time: a write is under way"));
    if (this.#closing) return Promise.reject(new ConnectionLostError("The connection is closed"));
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const waiter = Promise.withResolvers<void>();
    this.#writer = waiter;
    this.#writeDeadline.set(this.#options.writeTimeoutMs());
    this.#stream.write(bytes).then(this.#wrote, this.#broke);
    return waiter.promise;
  }

  async startTls(): Promise<void> {
    const serverTls = this.#options.serverTls;
    if (serverTls === null) throw new Error("TLS is not configured for this connection");
    await this.#upgrade((raw) => acceptTls(raw, serverTls.identity, serverTls.timeoutMs()));
  }

  async startClientTls(options: ClientTlsOptions): Promise<TlsPeer> {
    const { peer } = await this.#upgrade((raw) => requestTls(raw, options));
    return peer;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#readDeadline.lift();
    this.#giveReader(null);
    this.#sayFarewell();
  }

  async #upgrade<T extends TlsResult>(shake: (raw: ByteStream) => Promise<T>): Promise<T> {
    if (this.#tls !== null) throw new Error("TLS has begun already");
    if (this.#reading || this.#writer !== null) {
      throw new Error("Start TLS only when no read or write is under way");
    }
    if (this.#closing) throw new ConnectionLostError("The connection is closed");
    // What came in clear belongs to nobody (RFC 3207 section 4.2).
    this.#late = null;
    let result: T;
    try {
      result = await shake(this.#stream);
      this.#stream = result.stream;
      this.#tls = result.info;
    } catch (error) {
      this.#broken = asFailure(error);
      throw error;
    }
    if (this.#closing) throw new ConnectionLostError("The connection was closed during the TLS handshake");
    return result;
  }

  #readOn(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#stream.read().then(this.#arrived, this.#readFailed);
  }

  #arrived = (chunk: Uint8Array | null): void => {
    this.#reading = false;
    if (chunk === null) this.#ended = true;
    if (this.#closing) return this.#farewellRead(chunk);
    if (this.#reader !== null) {
      this.#readDeadline.lift();
      this.#giveReader(chunk);
    } else if (chunk !== null) {
      this.#late = chunk;
    }
  };

  #readFailed = (error: unknown): void => {
    this.#reading = false;
    if (this.#closing) return this.#destroy();
    this.#broken ??= asConnectionLost(error);
    this.#readDeadline.lift();
    this.#failReader(this.#broken);
  };

  #readExpired(): void {
    if (this.#closing) return this.#destroy();
    this.#failReader(new TimeoutError("The other side sent nothing for too long"));
  }

  #giveReader(chunk: Uint8Array | null): void {
    const reader = this.#reader;
    this.#reader = null;
    reader?.resolve(chunk);
  }

  #failReader(error: Error): void {
    const reader = this.#reader;
    this.#reader = null;
    // A session that raced this read against something else and left must not bring the process down.
    reader?.promise.catch(ignore);
    reader?.reject(error);
  }

  #wrote = (): void => {
    this.#writeDeadline.lift();
    const writer = this.#writer;
    this.#writer = null;
    writer?.resolve();
  };

  #broke = (error: unknown): void => {
    this.#writeDeadline.lift();
    this.#broken ??= asConnectionLost(error);
    this.#failWriter(this.#broken);
  };

  #writeExpired(): void {
    const error = new TimeoutError("The other side took nothing for too long");
    // Half a write is out; nothing sensible can follow it.
    this.#broken = error;
    this.#failWriter(error);
    if (this.#closing) this.#destroy();
  }

  #failWriter(error: Error): void {
    const writer = this.#writer;
    this.#writer = null;
    writer?.promise.catch(ignore);
    writer?.reject(error);
  }

  /**
   * Lets a write that is under way finish, says that no more comes, and reads on until the other side has closed:
   * a socket closed with unread bytes in it resets the connection, and our last reply could be lost with it.
   */
  async #sayFarewell(): Promise<void> {
    if (this.#broken !== null || this.#ended && this.#writer === null && this.#tls === null) {
      return this.#destroy();
    }
    this.#readDeadline.set(FAREWELL_MS);
    const writing = this.#writer?.promise;
    if (writing !== undefined) await writing.catch(ignore);
    if (this.#broken !== null) return this.#destroy();
    this.#readDeadline.set(FAREWELL_MS);
    await this.#stream.end();
    if (this.#ended) this.#destroy();
    else this.#readOn();
  }

  #farewellRead(chunk: Uint8Array | null): void {
    this.#farewellBytes += chunk?.length ?? 0;
    if (chunk === null || this.#farewellBytes > FAREWELL_BYTES) this.#destroy();
    else this.#readOn();
  }

  #destroy(): void {
    this.#readDeadline.stop();
    this.#writeDeadline.stop();
    this.#broken ??= new ConnectionLostError("The connection is closed");
    this.#failWriter(this.#broken);
    this.#stream.destroy();
    this.#closed.resolve();
  }
}

function asFailure(error: unknown): Error {
  return error instanceof TimeoutError ? error : asConnectionLost(error);
}
