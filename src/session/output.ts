import { concatBytes } from "../core/bytes.ts";
import type { Conn } from "../core/ports.ts";

/** Large writes cost fewer calls, and with TLS fewer records; a session holds about this much, and one chunk, unsent. */
const FLUSH_AT = 128 * 1024;

/** Collects what is to be sent: the answers to pipelined commands, and the pieces of a message, go out together. */
export class Output {
  readonly #conn: Conn;
  #parts: Uint8Array[] = [];
  #size = 0;
  bytesSent = 0;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  /** Takes over the bytes, and sends when there are many. */
  async add(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= FLUSH_AT) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : concatBytes(this.#parts);
    this.#parts = [];
    this.#size = 0;
    this.bytesSent += bytes.length;
    await this.#conn.write(bytes);
  }
}
