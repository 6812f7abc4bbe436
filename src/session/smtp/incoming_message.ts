import { ConnectionLostError, Refusal } from "../../core/errors.ts";
import type { LineReader } from "../../core/line_reader.ts";
import { type DataFlaw, DotReader } from "../../wire/smtp/mod.ts";

export interface IncomingOptions {
  /** Octets after the stuffed dots are taken away. */
  readonly maxSize: number;
  /** How long the next block may take; asked for each one. */
  readonly timeoutMs: () => number;
}

/** How much beyond its limit a message is read, in proportion, before we give up on the client. */
export const PATIENCE = 2;

/**
 * The message as it comes after DATA. The door iterates over `stream`; whatever happens there, the session calls `drain`
 * before it replies, so that no octet of a message is ever read as a command. Never more than a block is in memory.
 */
export class IncomingMessage {
  readonly #reader: LineReader;
  readonly #options: IncomingOptions;
  readonly #dots = new DotReader();
  #received = 0;
  #size = 0;
  #failure: unknown = null;
  #lost = false;

  constructor(reader: LineReader, options: IncomingOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** What `stream` threw, if it did: lets a caller tell the client's fault from the door's. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The connection can no longer be read: it ended, was silent for too long, or we gave up. */
  get lost(): boolean {
    return this.#lost;
  }

  /** The text in blocks that belong to the taker. Throws a `Refusal`, after the last octet, when it cannot be accepted. */
  async *stream(): AsyncGenerator<Uint8Array> {
    try {
      while (!this.#dots.done) {
        const text = await this.#next();
        if (text.length > 0 && this.#size <= this.#options.maxSize) yield text;
      }
      const refusal = this.#verdict();
      if (refusal !== null) throw refusal;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Reads what is left up to the end of the data, and drops it. Throws when the connection is lost. */
  async drain(): Promise<void> {
    if (this.#lost) throw this.#failure;
    while (!this.#dots.done) await this.#next();
  }

  async #next(): Promise<Uint8Array> {
    try {
      const chunk = await this.#reader.some(Infinity, this.#options.timeoutMs());
      if (chunk === null) throw new ConnectionLostError("The client closed the connection within the data");
      this.#received += chunk.length;
      const text = this.#dots.push(chunk);
      this.#size += text.length;
      if (this.#dots.done) {
        // A copy: the taker of the text owns the memory that both lie in.
        if (this.#dots.rest.length > 0) this.#reader.unread(this.#dots.rest.slice());
      } else if (this.#received > this.#options.maxSize * PATIENCE) throw tooLarge();
      return text;
    } catch (error) {
      this.#lost = true;
      this.#failure = error;
      throw error;
    }
  }

  #verdict(): Refusal | null {
    const { flaw } = this.#dots;
    if (this.#size > this.#options.maxSize) return tooLarge();
    return flaw === null ? null : flawed(flaw);
  }
}

export function flawed(flaw: DataFlaw): Refusal {
  const text = flaw === "NUL"
    ? "The message holds a NUL octet (RFC 5321 section 4.5.2)"
    : `The message holds a ${flaw}; lines must end in CR LF (RFC 5321 section 2.3.8)`;
  return Refusal.of(550, "5.6.0", text, `Data with a ${flaw}`);
}

/** RFC 1870 section 6.3. */
export function tooLarge(): Refusal {
  return Refusal.of(552, "5.3.4", "The message is larger than the limit");
}
