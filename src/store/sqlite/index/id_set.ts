/** A set of body ids: one bit for each id, since the ids lie close together. */
export class IdSet {
  #bits = new Uint8Array(0);

  static of(ids: readonly number[]): IdSet {
    const set = new IdSet();
    for (const id of ids) set.add(id);
    return set;
  }

  add(id: number): void {
    const place = id >>> 3;
    if (place >= this.#bits.length) this.#grow(place + 1);
    this.#bits[place]! |= 1 << (id & 7);
  }

  has(id: number): boolean {
    return ((this.#bits[id >>> 3] ?? 0) & 1 << (id & 7)) !== 0;
  }

  /** Takes the other set's ids in. */
  addAll(other: IdSet): void {
    if (other.#bits.length > this.#bits.length) this.#grow(other.#bits.length);
    for (let place = 0; place < other.#bits.length; place++) this.#bits[place]! |= other.#bits[place]!;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, this.#bits.length * 2));
    grown.set(this.#bits);
    this.#bits = grown;
  }
}
