import { once } from "node:events";
import tls from "node:tls";

/** What a client here needs of a connection. */
export interface ByteConn {
  /** How many bytes were put into the buffer; null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** How many of the bytes were taken. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** A TLS client that believes every certificate. */
export class TlsConn implements ByteConn {
  readonly #socket: tls.TLSSocket;
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Of the last chunk, what did not fit in the buffer. */
  #rest: Uint8Array = new Uint8Array(0);

  private constructor(socket: tls.TLSSocket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  static async connect(host: string, port: number): Promise<TlsConn> {
    const socket = tls.connect({ host, port, rejectUnauthorized: false });
    socket.setNoDelay(true);
    await once(socket, "secureConnect");
    return new TlsConn(socket);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return null;
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, buffer.length);
    buffer.set(taken);
    this.#rest = this.#rest.subarray(taken.length);
    return taken.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#socket.write(bytes)) await once(this.#socket, "drain");
    return bytes.length;
  }

  close(): void {
    this.#socket.destroy();
  }
}
