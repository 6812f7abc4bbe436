import { concatBytes, LF } from "./bytes.ts";
import { ConnectionLostError } from "./errors.ts";
import type { Conn } from "./ports.ts";

/** A line is longer than its limit. The rest of the line has been read and thrown away. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/**
 * How much of a line that is too long is thrown away before its sender is given up. Not in the configuration: nothing of it is kept,
 * so it costs neither memory nor anybody else's time.
 */
const MAX_THROWN_AWAY = 1024 * 1024;

/** So many pieces of an unfinished line are kept before they are put together. */
const MOST_PARTS = 64;

/** How long to wait for the next bytes; as a function it is asked each time, so that it can count a whole session's time. */
export type Patience = number | (() => number);

/**
 * Reads lines and counted bytes from a connection, for every line-based protocol, as server and as client. It
 * holds at most `limit` bytes of an unfinished line plus one chunk. It splits at LF and leaves it to the caller what a
 * line that does not end in CR LF means (SMTP refuses it, IMAP and POP3 forgive it).
 */
export class LineReader {
  #conn: Pick<Conn, "read">;
  /** What was read and not yet taken. */
  #chunk: Uint8Array = new Uint8Array(0);
  /** A read that `wait` started and nobody has taken yet. */
  #pending: Promise<Uint8Array | null> | null = null;
  #ended = false;

  constructor(conn: Pick<Conn, "read">) {
    this.#conn = conn;
  }

  /** Bytes that have arrived and were not taken: an early talker, or pipelined commands. */
  get buffered(): number {
    return this.#chunk.length;
  }

  /** Whether `line` would give a line without waiting: as long as it does, replies can be collected (PIPELINING). */
  get hasLine(): boolean {
    return this.#chunk.includes(LF);
  }

  /** Throws away what has arrived but was not taken: before TLS begins (RFC 3207 section 4.2). */
  discardBuffered(): void {
    this.#chunk = new Uint8Array(0);
  }

  /**
   * The next line with its LF, or null when the stream ended before a byte of it came. Throws `LineTooLongError`, or
   * `ConnectionLostError` for a line that does not end at all: then what follows has no meaning any more.
   */
  async line(limit: number, patience: Patience): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const end = this.#chunk.indexOf(LF);
      const taken = end < 0 ? this.#chunk : this.#chunk.subarray(0, end + 1);
      length += taken.length;
      // Past the limit the bytes are dropped but still counted, so that the rest is not read as a command.
      if (length <= limit) parts.push(taken);
      // A line that comes byte by byte must not cost a hundred times its length.
      if (parts.length === MOST_PARTS) parts.splice(0, MOST_PARTS, concatBytes(parts));
      this.#chunk = this.#chunk.subarray(taken.length);
      if (end >= 0) {
        if (length > limit) throw new LineTooLongError(`Line longer than ${limit} bytes`);
        return parts.length === 1 ? parts[0]! : concatBytes(parts);
      }
      if (length > limit + MAX_THROWN_AWAY) {
        throw new ConnectionLostError("The other side sends a line without end");
      }
      if (!await this.#fill(patience)) {
        if (length === 0) return null;
        throw new ConnectionLostError("The connection ended in the middle of a line");
      }
    }
  }

  /** Between one byte and `max` bytes, as they come; null at the end of the stream. */
  async some(max: number, patience: Patience): Promise<Uint8Array | null> {
    if (this.#chunk.length === 0 && !await this.#fill(patience)) return null;
    const taken = this.#chunk.subarray(0, max);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken;
  }

  /** Gives back bytes that `some` returned and the caller does not want. */
  unread(bytes: Uint8Array): void {
    this.#chunk = this.#chunk.length === 0 ? bytes : concatBytes([bytes, this.#chunk]);
  }

  /**
   * Resolves when there is something to read, without taking it; to false when the stream has ended. May be raced and asked again.
   */
  async wait(timeoutMs: number): Promise<boolean> {
    if (this.#chunk.length > 0) return true;
    if (this.#ended) return false;
    this.#pending ??= this.#conn.read(timeoutMs);
    return await this.#pending !== null;
  }

  async #fill(patience: Patience): Promise<boolean> {
    if (this.#ended) return false;
    const timeoutMs = typeof patience === "number" ? patience : patience();
    const reading = this.#pending ?? this.#conn.read(timeoutMs);
    this.#pending = null;
    const chunk = await reading;
    if (chunk === null) {
      this.#ended = true;
      return false;
    }
    this.#chunk = this.#chunk.length === 0 ? chunk : concatBytes([this.#chunk, chunk]);
    return true;
  }
}
