import type { ByteRange } from "../../mod.ts";
import type { BodyPieces } from "../protocol.ts";
import type { Link } from "./link.ts";

/** Bodies in one request: a reader must not be kept busy for long, nor its answer be large. */
const MOST = 64;

interface Waiting {
  readonly bodyId: number;
  readonly range: ByteRange;
  readonly resolve: (pieces: BodyPieces) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks the readers for bodies. Requests of the same turn go together: for small messages the way to a worker and back costs more
 * than what it does there.
 */
export class BodyRequests {
  readonly #link: Link;
  #waiting: Waiting[] = [];

  constructor(link: Link) {
    this.#link = link;
  }

  ask(bodyId: number, range: ByteRange): Promise<BodyPieces> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bodyId, range, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < all.length; at += MOST) {
      const some = all.slice(at, at + MOST);
      if (some.length === 1) this.#one(some[0]!);
      else void this.#many(some);
    }
  }

  #one({ bodyId, range, resolve, reject }: Waiting): void {
    this.#link.read("body", { bodyId, range }).then(resolve, reject);
  }

  async #many(some: readonly Waiting[]): Promise<void> {
    try {
      const reads = some.map(({ bodyId, range }) => ({ bodyId, range }));
      const { bytes, lengths, counts, next } = await this.#link.read("bodies", { reads });
      let end = 0;
      const pieces = lengths.map((length) => bytes.subarray(end, end += length));
      let at = 0;
      for (const [place, waiting] of some.entries()) {
        const count = counts[place]!;
        // One that could not be read is asked for by itself, so that its error is its own.
        if (count < 0) this.#one(waiting);
        else waiting.resolve({ pieces: pieces.slice(at, at += count), next: next[place]! });
      }
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }
}
