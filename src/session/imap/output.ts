import type { Conn } from "../../core/ports.ts";
import { Encoder, formatStatus, type StatusResponse } from "../../wire/imap/mod.ts";

const FLUSH_AT = 64 * 1024;
/** Pieces of this size go out by themselves instead of being copied. */
const PASS_AT = 8 * 1024;

/**
 * What the session sends. Answers collect in one buffer and go out when it is full or the session waits for its client;
 * every loop that sends awaits `room`, so that a client that stops reading stops the loop and not our memory.
 */
export class Output {
  #conn: Pick<Conn, "write">;
  readonly encoder = new Encoder();
  #flushes = 0;
  /** The write that is under way. */
  #sending: Promise<void> | null = null;

  constructor(conn: Pick<Conn, "write">) {
    this.#conn = conn;
  }

  /** From here on everything goes there. All that has collected must have been sent. */
  writeTo(conn: Pick<Conn, "write">): void {
    this.#conn = conn;
  }

  /** An untagged line. */
  line(text: string): void {
    this.encoder.text("* ").line(text);
  }

  status(response: StatusResponse, tag: string | null = null): void {
    this.encoder.line(formatStatus(tag, response));
  }

  /** Notes this place; the result takes back what was written since, or returns false when it has been sent already. */
  mark(): () => boolean {
    const { length } = this.encoder;
    const flushes = this.#flushes;
    return () => {
      if (this.#flushes !== flushes) return false;
      this.encoder.rewind(length);
      return true;
    };
  }

  /** Sends what has collected once it is much. */
  async room(): Promise<void> {
    if (this.encoder.length >= FLUSH_AT) await this.flush();
  }

  /** Whether `room` would send something: where it is asked for each of many small things, awaiting it would cost more. */
  get isFull(): boolean {
    return this.encoder.length >= FLUSH_AT;
  }

  get isEmpty(): boolean {
    return this.encoder.length === 0;
  }

  async flush(): Promise<void> {
    // A long command tells of itself while it works: whoever comes second waits, since a connection takes one write at a time.
    while (this.#sending !== null) await this.#sending;
    if (this.isEmpty) return;
    this.#flushes++;
    const bytes = this.encoder.take();
    await this.#send(bytes);
    // They are with the kernel now, and more will follow: what is little is the end of an answer.
    if (bytes.length >= FLUSH_AT) this.encoder.reuse(bytes);
  }

  /** Bytes of a body. */
  async pass(bytes: Uint8Array): Promise<void> {
    if (bytes.length < PASS_AT) {
      this.encoder.bytes(bytes);
      await this.room();
      return;
    }
    await this.flush();
    this.#flushes++;
    await this.#send(bytes);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    while (this.#sending !== null) await this.#sending;
    this.#sending = this.#conn.write(bytes);
    try {
      await this.#sending;
    } finally {
      this.#sending = null;
    }
  }

  /** Asks for a literal, or for the next line of a dialogue (RFC 3501 section 7.5). */
  async continuation(text: string): Promise<void> {
    this.encoder.line(`+ ${text}`);
    await this.flush();
  }
}
