import { asConnectionLost, type ByteStream } from "./stream.ts";

/** What an idle connection holds. A message of 4 KiB takes two reads with this as with twice as much. */
const SMALL_BUFFER = 2 * 1024;
const LARGE_BUFFER = 64 * 1024;
const GROWTH = 4;
/** How much of a flood is read before the others have their turn. */
const TURN_BYTES = 128 * 1024;

/**
 * A TCP connection of the runtime, or one through a unix socket. The read buffer grows while reads come back full and shrinks again with the first
 * small one, so that bulk data takes few calls and a thousand idle clients take little memory.
 */
export class TcpStream implements ByteStream {
  #socket: Deno.TcpConn | Deno.UnixConn;
  #size = SMALL_BUFFER;
  /** A buffer that a small read left over. */
  #spare: Uint8Array<ArrayBuffer> | null = null;
  /** Bytes of reads that came back full, one after the other. */
  #flood = 0;

  constructor(socket: Deno.TcpConn | Deno.UnixConn) {
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
    await this.#beFair(length === buffer.length ? length : 0);
    return this.#take(buffer, length);
  }

  /**
   * A socket that fills each buffer is always ready, and the runtime then does not look at the others for a quarter of a
   * second and more. Only a timer makes it look; a turn by `setImmediate` or a microtask does not.
   */
  async #beFair(length: number): Promise<void> {
    this.#flood = length === 0 ? 0 : this.#flood + length;
    if (this.#flood < TURN_BYTES) return;
    this.#flood = 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
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
