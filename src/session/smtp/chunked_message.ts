import { ConnectionLostError } from "../../core/errors.ts";
import { FlawScanner } from "../../wire/smtp/mod.ts";
import { flawed, tooLarge } from "./incoming_message.ts";

export interface ChunkedOptions {
  /** Octets of the whole message. */
  readonly maxSize: number;
  /** BODY=BINARYMIME: any octets may come. */
  readonly binary: boolean;
}

/**
 * A message that comes in several BDAT commands (RFC 3030). The session gives it block after block while the door, begun at
 * the first chunk, iterates over `stream`. A block waits until the door asks for it, so that at most one is in memory.
 * Once it has failed it takes nothing more, and each chunk that follows gets the same answer: how a client cuts a message
 * does not change what becomes of it.
 */
export class ChunkedMessage {
  readonly #maxSize: number;
  readonly #scanner: FlawScanner | null;
  #size = 0;
  #failure: unknown = null;
  #ended = false;
  /** The door has stopped reading. */
  #left = false;
  /** A block that the door has not asked for yet, and how to tell that it did. */
  #offered: { readonly block: Uint8Array; readonly taken: () => void } | null = null;
  /** Wakes the door. */
  #wake: (() => void) | null = null;

  constructor(options: ChunkedOptions) {
    this.#maxSize = options.maxSize;
    this.#scanner = options.binary ? null : new FlawScanner();
  }

  /** Why it cannot be accepted, as far as the octets go; what `stream` throws. */
  get failure(): unknown {
    return this.#failure;
  }

  /** So many octets are going to come. A message that is too large fails before it is read. */
  announce(octets: number): void {
    if (this.#size + octets > this.#maxSize) this.fail(tooLarge());
  }

  /** Hands a block, which then belongs to the door, over; resolves when the next one may come. */
  async put(block: Uint8Array): Promise<void> {
    this.#size += block.length;
    if (this.#failure !== null || this.#left) return;
    this.#scanner?.push(block);
    const flaw = this.#scanner?.flaw ?? null;
    if (flaw !== null) return this.fail(flawed(flaw));
    await new Promise<void>((taken) => {
      this.#offered = { block, taken };
      this.#wake?.();
    });
  }

  /** The last octet has come. */
  end(): void {
    this.#scanner?.finish();
    const flaw = this.#scanner?.flaw ?? null;
    if (flaw !== null) this.fail(flawed(flaw));
    this.#ended = true;
    this.#wake?.();
  }

  /** The client gives it up (RSET), or the session ends. */
  abandon(): void {
    this.fail(new ConnectionLostError("The client gave the message up"));
  }

  /** From now on nothing is passed on, and the door hears why. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#release();
    this.#wake?.();
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#failure !== null) throw this.#failure;
        const block = this.#take();
        if (block !== null) yield block;
        else if (this.#ended) return;
        else await this.#arrival();
      }
    } finally {
      this.close();
    }
  }

  /** The door wants no more; what still comes is counted only. */
  close(): void {
    this.#left = true;
    this.#release();
  }

  #take(): Uint8Array | null {
    const block = this.#offered?.block ?? null;
    this.#release();
    return block;
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }

  /** Lets go of a block that waits, and of whoever waits for it to be taken. */
  #release(): void {
    const offered = this.#offered;
    this.#offered = null;
    offered?.taken();
  }
}
