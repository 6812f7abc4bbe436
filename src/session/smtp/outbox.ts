import { concatBytes } from "../../core/bytes.ts";
import type { Conn } from "../../core/ports.ts";
import type { Reply } from "../../core/reply.ts";
import { encodeReply } from "../../wire/smtp/mod.ts";

/** Replies beyond this are sent at once: a client may pipeline many commands whose answers are longer than they are. */
const LARGE = 16 * 1024;

/** Replies on their way out, put together so that a group of pipelined commands costs one write. */
export class Outbox {
  readonly #conn: Conn;
  #waiting: Uint8Array[] = [];
  #size = 0;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  put(reply: Reply): void {
    const bytes = encodeReply(reply);
    this.#waiting.push(bytes);
    this.#size += bytes.length;
  }

  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const bytes = this.#waiting.length === 1 ? this.#waiting[0]! : concatBytes(this.#waiting);
    this.#waiting = [];
    this.#size = 0;
    await this.#conn.write(bytes);
  }

  async flushWhenLarge(): Promise<void> {
    if (this.#size >= LARGE) await this.flush();
  }
}
