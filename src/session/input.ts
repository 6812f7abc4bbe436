import { CR, LF } from "../core/bytes.ts";
import { ConnectionLostError } from "../core/errors.ts";
import { LineReader } from "../core/line_reader.ts";
import type { Conn } from "../core/ports.ts";

const CHUNK = 64 * 1024;

export interface InputOptions {
  readonly timeoutMs: number;
  readonly beforeReading: () => Promise<void> | null;
}

/** What the client sends, and a place to wait for it that others can end. */
export class Input {
  #conn: Pick<Conn, "read">;
  readonly #reader: LineReader;
  /** A wait for bytes is under way; it outlives a `wait` that was woken. */
  #isListening = false;
  /** Why that wait failed, until somebody is told. */
  #failure: { readonly error: unknown } | null = null;
  #ring: (() => void) | null = null;
  #ended: () => void = () => {};
  #woken = false;
  /** How long a read may take; the session changes it at log-in. */
  timeoutMs: number;

  /**
   * `beforeReading` is awaited whenever the client is really waited for: it must not wait for our answers then. No frame of
   * an async function waits here: a thousand idle sessions would each hold one.
   */
  constructor(conn: Pick<Conn, "read">, { timeoutMs, beforeReading }: InputOptions) {
    this.#conn = conn;
    this.#reader = new LineReader({
      read: (timeoutMs) => {
        const ready = beforeReading();
        return ready === null ? this.#conn.read(timeoutMs) : ready.then(() => this.#conn.read(timeoutMs));
      },
    });
    this.timeoutMs = timeoutMs;
  }

  /** From here on everything comes from there. No read may be under way. */
  readFrom(conn: Pick<Conn, "read">): void {
    this.#conn = conn;
  }

  get buffered(): number {
    return this.#reader.buffered;
  }

  discardBuffered(): void {
    this.#reader.discardBuffered();
  }

  /** Whether the session is in `wait` now. */
  get isWaiting(): boolean {
    return this.#ring !== null;
  }

  /** Ends the present `wait`, or the next one. */
  wake(): void {
    this.#woken = true;
    this.#ring?.();
  }

  /**
   * Resolves when the client has sent something (or closed), or when `wake` was called. It makes new promises only, none that
   * lives as long as the session: a race against such a one would keep every loser in memory.
   */
  async wait(): Promise<"input" | "woken"> {
    if (!this.#woken && this.#reader.buffered === 0 && this.#failure === null) {
      await new Promise<void>((resolve) => {
        this.#ring = resolve;
        this.#listen();
      });
      this.#ring = null;
    }
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.error;
    const woken = this.#woken;
    this.#woken = false;
    return woken ? "woken" : "input";
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const heard = () => {
      this.#isListening = false;
      this.#ring?.();
    };
    this.#reader.wait(this.timeoutMs).then((goesOn) => {
      heard();
      if (!goesOn) this.#ended();
    }, (error) => {
      this.#failure = { error };
      heard();
      this.#ended();
    });
  }

  /** Calls when the client has gone, unless it sends something before; the result stops that. */
  onEnd(listener: () => void): () => void {
    this.#ended = listener;
    this.#listen();
    return () => this.#ended = () => {};
  }

  /** A line without its CRLF (a lone LF is forgiven); null at the end of the stream. */
  async line(limit: number): Promise<Uint8Array | null> {
    const line = await this.#reader.line(limit, this.timeoutMs);
    if (line === null) return null;
    let end = line.length;
    if (line[end - 1] === LF) end--;
    if (line[end - 1] === CR) end--;
    return line.subarray(0, end);
  }

  /** Exactly so many bytes, kept in memory. */
  async bytes(size: number): Promise<Uint8Array> {
    const whole = new Uint8Array(size);
    let at = 0;
    for await (const chunk of this.stream(size)) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  /** Exactly so many bytes, as they come. Whoever stops early must `drain` what is left. */
  async *stream(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      const chunk = await this.#reader.some(Math.min(left, CHUNK), this.timeoutMs);
      if (chunk === null) throw new ConnectionLostError("The connection ended in the middle of a literal");
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Throws so many bytes away. */
  async drain(size: number): Promise<void> {
    for await (const _chunk of this.stream(size));
  }
}
