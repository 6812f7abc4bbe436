import type { SearchOptions } from "../../search.ts";
import type { ReadKind, Reads, WriteKind, Writes } from "../protocol.ts";
import type { ReaderPool } from "./reader_pool.ts";
import type { Writer } from "./writer.ts";

export interface LinkDeps {
  readonly writer: Writer;
  readonly readers: ReaderPool;
  /** Called when something begins. */
  readonly onUse: () => void;
}

/**
 * The way from the ports to the workers. It counts what was begun, so that closing can wait for it, and lets nothing
 * new begin after that.
 */
export class Link {
  readonly writer: Writer;
  readonly readers: ReaderPool;
  readonly #onUse: () => void;
  #begun = 0;
  #closed = false;
  #whenIdle: (() => void) | null = null;

  constructor({ writer, readers, onUse }: LinkDeps) {
    this.writer = writer;
    this.readers = readers;
    this.#onUse = onUse;
  }

  write<K extends WriteKind>(kind: K, args: Writes[K]["args"]): Promise<Writes[K]["result"]> {
    return this.task(() => this.writer.do(kind, args));
  }

  read<K extends ReadKind>(
    kind: K,
    args: Reads[K]["args"],
    options?: SearchOptions,
  ): Promise<Reads[K]["result"]> {
    return this.task(() => this.readers.do(kind, args, options));
  }

  /** Work of several steps that closing must not tear apart; inside, `writer` and `readers` are used as they are. */
  async task<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error("The store is closed");
    this.#onUse();
    this.#begun++;
    try {
      return await work();
    } finally {
      if (--this.#begun === 0) this.#whenIdle?.();
    }
  }

  /** Lets nothing new begin; resolves when what was begun is done. */
  async seal(): Promise<void> {
    this.#closed = true;
    if (this.#begun > 0) await new Promise<void>((resolve) => this.#whenIdle = resolve);
  }
}
