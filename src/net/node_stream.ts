import type { Duplex } from "node:stream";
import { ConnectionLostError } from "../core/errors.ts";
import { asConnectionLost, type ByteStream } from "./stream.ts";

interface Waiter {
  resolve(chunk: Uint8Array | null): void;
  reject(error: Error): void;
}

/** A Node stream (a TLSSocket, a net.Socket) as a `ByteStream`: bytes are pulled, so a peer that floods us has to wait. */
export class NodeStream implements ByteStream {
  #socket: Duplex;
  #waiter: Waiter | null = null;
  #ended = false;
  #error: ConnectionLostError | null = null;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("readable", () => this.#settle());
    socket.on("end", () => {
      this.#ended = true;
      this.#settle();
    });
    socket.on("error", (error) => this.fail(asConnectionLost(error)));
    socket.on("close", () => this.fail(new ConnectionLostError("The connection is closed")));
  }

  read(): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#settle();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) return reject(this.#error);
      this.#socket.write(bytes, (error) => error ? reject(asConnectionLost(error)) : resolve());
    });
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#error !== null) return resolve();
      this.#socket.once("close", resolve);
      this.#socket.end(resolve);
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Called when bytes have left the socket's buffer. */
  protected taken(): void {}

  /** Gives what is there to who waits for it. */
  #settle(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    const chunk: Uint8Array | null = this.#error === null ? this.#socket.read() : null;
    if (chunk === null && !this.#ended && this.#error === null) return;
    this.#waiter = null;
    if (chunk !== null) {
      waiter.resolve(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      this.taken();
    } else if (this.#ended) waiter.resolve(null);
    else waiter.reject(this.#error!);
  }

  /** Ends every read and write, those under way and those to come. */
  protected fail(error: ConnectionLostError): void {
    this.#error ??= error;
    this.#settle();
  }
}
