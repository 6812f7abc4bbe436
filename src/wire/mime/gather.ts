/** Collects the first bytes of something that comes in pieces; what is over the limit is dropped. */
export class Gather {
  readonly limit: number;
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get full(): boolean {
    return this.#length >= this.limit;
  }

  /** What was collected; good until the next `add`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  add(piece: Uint8Array): void {
    const taken = Math.min(piece.length, this.limit - this.#length);
    if (taken <= 0) return;
    const needed = this.#length + taken;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.limit, Math.max(needed, this.#bytes.length * 2)));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(piece.subarray(0, taken), this.#length);
    this.#length = needed;
  }
}
