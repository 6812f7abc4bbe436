/**
 * The client's end of a connection to the real program: plain or TLS, without any check of the certificate. It shares
 * no code with `src/`, so that a mistake there is not repeated, and hidden, here. Text is ISO 8859-1, one character a byte,
 * unless it is written as bytes.
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { PATIENCE_MS } from "./patience.ts";

export interface ConnectOptions {
  readonly host?: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly tls?: boolean;
  readonly servername?: string;
  /** How long a read may take; 10 s by default. */
  readonly timeoutMs?: number;
}

export class TestSocket {
  #socket: net.Socket;
  #chunks: Uint8Array[] = [];
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;
  readonly #timeoutMs: number;
  readonly #servername: string | undefined;
  /** What was said, for the message of a failure: the last lines only. */
  readonly transcript: string[] = [];

  private constructor(socket: net.Socket, options: ConnectOptions) {
    this.#socket = socket;
    this.#timeoutMs = options.timeoutMs ?? PATIENCE_MS;
    this.#servername = options.servername;
    this.#attach();
  }

  static async connect(options: ConnectOptions): Promise<TestSocket> {
    const host = options.host ?? "127.0.0.1";
    const socket = net.connect({ host, port: options.port });
    await happens(socket, "connect", `connect to ${host}:${options.port}`);
    socket.setNoDelay(true);
    const connection = new TestSocket(socket, options);
    if (options.tls) await connection.startTls();
    return connection;
  }

  get isTls(): boolean {
    return this.#socket instanceof tls.TLSSocket;
  }

  /** Details of the TLS session, for tests that look at them. */
  get tlsSocket(): tls.TLSSocket {
    if (!(this.#socket instanceof tls.TLSSocket)) throw new Error("The connection is not TLS");
    return this.#socket;
  }

  async startTls(): Promise<void> {
    if (this.#chunks.length > 0) throw new Error("The server spoke before the TLS handshake");
    this.#socket.removeAllListeners("data");
    this.#socket.removeAllListeners("end");
    this.#socket.removeAllListeners("close");
    const secured = tls.connect({
      socket: this.#socket,
      rejectUnauthorized: false,
      ...(this.#servername === undefined ? {} : { servername: this.#servername }),
    });
    await happens(secured, "secureConnect", "TLS handshake");
    this.#socket = secured;
    this.#attach();
  }

  /** A string is sent byte by character (ISO 8859-1). Resolves when the kernel has taken it. */
  write(data: string | Uint8Array): Promise<void> {
    this.#note("C", data);
    const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve());
    });
  }

  /** The next line without CR LF; null when the server has closed. */
  async readLine(): Promise<string | null> {
    for (let searched = 0;;) {
      const whole = this.#join();
      const end = whole.indexOf(10, searched);
      if (end >= 0) {
        const line = latin1(this.#take(end + 1)).replace(/\r?\n$/, "");
        this.#note("S", line);
        return line;
      }
      searched = whole.length;
      if (!await this.#arrival()) return searched === 0 ? null : latin1(this.#take(searched));
    }
  }

  /** As `readLine`, for when there must be one. */
  async line(): Promise<string> {
    const line = await this.readLine();
    if (line === null) throw this.failure("The server closed the connection");
    return line;
  }

  async readBytes(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#chunks.length === 0 && !await this.#arrival()) {
        throw this.failure(`The server closed ${missing} bytes too early`);
      }
      const first = this.#chunks.shift()!;
      if (first.length > missing) this.#chunks.unshift(first.subarray(missing));
      parts.push(first.subarray(0, missing));
      missing -= parts.at(-1)!.length;
    }
    return Buffer.concat(parts);
  }

  /** Whatever comes until the server closes. */
  async readToEnd(): Promise<string> {
    while (await this.#arrival());
    return latin1(this.#take(Infinity));
  }

  /** Ends our side; the server's answers can still be read. */
  end(): void {
    this.#socket.end();
  }

  /** Breaks the connection off, without a goodbye. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** An error that shows the end of the conversation. */
  failure(message: string): Error {
    return new Error(`${message}\n--- the conversation so far ---\n${this.transcript.join("\n")}`);
  }

  #attach(): void {
    this.#socket.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(new Uint8Array(chunk));
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    this.#socket.on("end", end);
    this.#socket.on("close", end);
    this.#socket.on("error", (error: Error) => {
      this.#error = error;
      end();
    });
  }

  /** False at the end of the stream. */
  async #arrival(): Promise<boolean> {
    const timeoutMs = this.#timeoutMs;
    const had = this.#chunks.length;
    if (this.#ended) return false;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wake = null;
        reject(this.failure(`The server said nothing for ${timeoutMs} ms`));
      }, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
    if (this.#chunks.length > had) return true;
    if (this.#error !== null) this.#note("!", this.#error.message);
    return false;
  }

  #join(): Uint8Array {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? new Uint8Array(0);
  }

  #take(length: number): Uint8Array {
    const whole = this.#join();
    const taken = whole.subarray(0, length);
    this.#chunks = taken.length < whole.length ? [whole.subarray(taken.length)] : [];
    return taken;
  }

  #note(who: string, data: string | Uint8Array): void {
    const text = typeof data === "string" ? data.replace(/\r\n$/, "") : `(${data.length} bytes)`;
    this.transcript.push(`${who}: ${text.length > 400 ? `${text.slice(0, 400)}...` : text}`);
    if (this.transcript.length > 60) this.transcript.shift();
  }
}

/** Bytes as text, one character each. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function happens(socket: net.Socket, event: "connect" | "secureConnect", what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => finish(new Error(`No success in ${PATIENCE_MS} ms: ${what}`)),
      PATIENCE_MS,
    );
    const finish = (error?: Error) => {
      clearTimeout(timer);
      socket.off("error", finish);
      socket.off("close", closed);
      if (error === undefined) return resolve();
      socket.destroy();
      reject(error);
    };
    const closed = () => finish(new Error(`The other side closed: ${what}`));
    socket.once(event as "connect", () => finish());
    socket.once("error", finish);
    socket.once("close", closed);
  });
}
