import type { BodyStore } from "../../store/mod.ts";
import type { Maildrop, MaildropEntry } from "./maildrop.ts";

/** What one session reads ahead at most; larger messages are worth no reading ahead. */
const MESSAGES = 32;
const BYTES = 256 * 1024;
const LARGEST = 64 * 1024;

/** A message whose first chunk is on its way. */
interface Begun {
  readonly size: number;
  readonly first: Promise<IteratorResult<Uint8Array>>;
  readonly rest: AsyncIterator<Uint8Array>;
}

/**
 * Reads messages for RETR. Clients mostly fetch one after the other, so once two of them have been asked for in a row the
 * next ones are asked of the store before the client asks us: the store then works while the client does.
 */
export class ReadAhead {
  readonly #bodies: BodyStore;
  readonly #maildrop: Maildrop;
  readonly #begun = new Map<number, Begun>();
  #bytes = 0;
  /** The number that a client who goes on in order will ask for next. */
  #expected = 1;
  /** Up to which number the reading ahead has come. */
  #reached = 0;

  constructor(bodies: BodyStore, maildrop: Maildrop) {
    this.#bodies = bodies;
    this.#maildrop = maildrop;
  }

  /** The message in chunks; the same as the store gives. */
  read(entry: MaildropEntry): AsyncIterable<Uint8Array> {
    const inOrder = entry.number === this.#expected;
    this.#expected = entry.number + 1;
    if (!inOrder) this.close();
    const begun = this.#take(entry.number) ?? this.#begin(entry);
    if (inOrder) this.#goOn(entry.number);
    return chunksOf(begun);
  }

  /** Gives up what nobody asked for. */
  close(): void {
    for (const begun of this.#begun.values()) void begun.rest.return?.();
    this.#begun.clear();
    this.#bytes = 0;
    this.#reached = 0;
  }

  #goOn(from: number): void {
    this.#reached = Math.max(this.#reached, from);
    // Filled up in strokes: requests that go to the store together cost less than one after the other.
    if (this.#begun.size > MESSAGES / 2) return;
    while (this.#begun.size < MESSAGES) {
      const entry = this.#maildrop.get(this.#reached + 1);
      if (entry === null || entry.size > LARGEST || this.#bytes + entry.size > BYTES) return;
      this.#reached = entry.number;
      this.#begun.set(entry.number, this.#begin(entry));
      this.#bytes += entry.size;
    }
  }

  #take(number: number): Begun | undefined {
    const begun = this.#begun.get(number);
    if (begun === undefined) return undefined;
    this.#begun.delete(number);
    this.#bytes -= begun.size;
    return begun;
  }

  #begin(entry: MaildropEntry): Begun {
    const rest = this.#bodies.read(entry.bodyId)[Symbol.asyncIterator]();
    const first = rest.next();
    // A message that nobody asks for must not leave a rejection that nobody sees.
    first.catch(() => {});
    return { size: entry.size, first, rest };
  }
}

async function* chunksOf({ first, rest }: Begun): AsyncGenerator<Uint8Array> {
  try {
    for (let chunk = await first; !chunk.done; chunk = await rest.next()) yield chunk.value;
  } finally {
    await rest.return?.();
  }
}
