import { asConnectionLost, type ByteStream } from "./stream.ts";

/** What an idle connection holds. */
const SMALL_BUFFER = 4 * 1024;
const LARGE_BUFFER = 64 * 1024;
const GROWTH = 4;

/**
 * A TCP connection of the runtime. The read buffer grows while reads come back full and shrinks again with the first
 * small one, so that bulk data takes few calls and a thousand idle clients take little memory.
 */
export class TcpStream implements ByteStream {
  #socket: Deno.TcpConn;
  #size = SMALL_BUFFER;
  /** A buffer that a small read left over. */
  #spare: Uint8Array<ArrayBuffer> | null = null;

  constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
  }

  async read(): Promise<Uint8Array | null> {
    const buffer = this.#spare ?? new Uint8Array(this.#size);
    this.#spare = null;
    let length: number | null;
    try {
      length = await this.#socket.read(buffer);
    } catch (error) {
      throw asConnectionLost(error);
    }
    if (length === null) return null;
    return this.#take(buffer, length);
  }

  #take(buffer: Uint8Array<ArrayBuffer>, length: number): Uint8Array {
    if (length === buffer.length) {
      this.#size = Math.min(buffer.length * GROWTH, LARGE_BUFFER);
      return buffer;
    }
    // More than half full: giving it away is cheaper than copying, and wastes little.
    if (length * 2 > buffer.length) return buffer.subarray(0, length);
    if (buffer.length > SMALL_BUFFER) this.#size = SMALL_BUFFER;
    else this.#spare = buffer;
    return buffer.slice(0, length);
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      let written = 0;
      while (written < bytes.length) {
        written += await this.#socket.write(written === 0 ? bytes : bytes.subarray(written));
      }
    } catch (error) {
      throw asConnectionLost(error);
    }
  }

  async end(): Promise<void> {
    try {
      await this.#socket.closeWrite();
    } catch {
      // The other side was faster; there is nothing left to say to it.
    }
  }

  destroy(): void {
    try {
      this.#socket.close();
    } catch {
      // Closed already.
    }
  }
}
