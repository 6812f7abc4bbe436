import type { BodyStore, ByteRange } from "../store/mod.ts";

/** What one session has begun to read at most; what is larger is worth no reading ahead. */
const READS = 64;
const BYTES = 256 * 1024;
const LARGEST = 64 * 1024;

/** A body, or a part of it. */
export interface BodyRead {
  readonly bodyId: number;
  readonly size: number;
  /** The whole body when it is missing. */
  readonly range?: ByteRange;
}

export interface AheadLimits {
  readonly reads?: number;
  readonly bytes?: number;
}

/** A read whose first chunk is on its way. */
interface Begun {
  readonly size: number;
  readonly first: Promise<IteratorResult<Uint8Array>>;
  readonly rest: AsyncIterator<Uint8Array>;
}

/**
 * Reads of bodies that are begun before they are asked for, so that the store works while the client does. Bounded in
 * number and in bytes; what nobody asks for is given up by `close`. POP3 and IMAP know best what comes next: they call `begin`.
 */
export class BodyAhead<Key> {
  readonly #bodies: BodyStore;
  readonly #begun = new Map<Key, Begun>();
  readonly #reads: number;
  readonly #most: number;
  #bytes = 0;

  constructor(bodies: BodyStore, { reads = READS, bytes = BYTES }: AheadLimits = {}) {
    this.#bodies = bodies;
    this.#reads = reads;
    this.#most = bytes;
  }

  /** Whether it is time to begin more. In strokes: requests that go to the store together cost less than one after the other. */
  get isLow(): boolean {
    return this.#begun.size <= this.#reads / 2;
  }

  /** Begins a read; false when there is no room for it. */
  begin(key: Key, read: BodyRead): boolean {
    if (this.#begun.has(key)) return true;
    if (this.#begun.size >= this.#reads || read.size > LARGEST || this.#bytes + read.size > this.#most) {
      return false;
    }
    this.#begun.set(key, this.#start(read));
    this.#bytes += read.size;
    return true;
  }

  /** The chunks, the same as the store gives; the read begins now unless it was begun before. */
  read(key: Key, read: BodyRead): AsyncGenerator<Uint8Array, void> {
    const begun = this.#begun.get(key);
    if (begun === undefined) return chunksOf(this.#start(read));
    this.#begun.delete(key);
    this.#bytes -= begun.size;
    return chunksOf(begun);
  }

  /** Gives up what nobody asked for. */
  close(): void {
    for (const begun of this.#begun.values()) void begun.rest.return?.();
    this.#begun.clear();
    this.#bytes = 0;
  }

  #start({ bodyId, size, range }: BodyRead): Begun {
    const rest = this.#bodies.read(bodyId, range)[Symbol.asyncIterator]();
    const first = rest.next();
    // A body that nobody asks for must not leave a rejection that nobody sees.
    first.catch(() => {});
    return { size, first, rest };
  }
}

async function* chunksOf({ first, rest }: Begun): AsyncGenerator<Uint8Array, void> {
  try {
    for (let chunk = await first; !chunk.done; chunk = await rest.next()) yield chunk.value;
  } finally {
    await rest.return?.();
  }
}
