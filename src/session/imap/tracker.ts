import type { Ranges } from "../../wire/imap/mod.ts";

/** Messages of the view: what to ask the store for, and how many they are. */
export interface Selection {
  readonly uids: Ranges;
  readonly count: number;
}

export const NOTHING: Selection = { uids: [], count: 0 };

/**
 * The session's own picture of its mailbox: which message has which sequence number. It changes only when the client is
 * told so; what is expunged but not yet announced keeps its number (RFC 3501 section 7.4.1).
 */
export class Tracker {
  /** Ascending; the first `#count` entries are in use. */
  #uids: Uint32Array;
  #count: number;
  /** By index: 1 for what is expunged and not told yet. As long as `#uids`. */
  #gone: Uint8Array;
  #goneCount = 0;
  /** The UIDs that `$` stands for (RFC 5182); what is expunged is no longer in the view, and so no longer in it. */
  saved: Ranges = [];

  constructor(uids: Uint32Array) {
    this.#uids = uids;
    this.#gone = new Uint8Array(uids.length);
    this.#count = uids.length;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 when the mailbox is empty. */
  get lastUid(): number {
    return this.#count === 0 ? 0 : this.#uids[this.#count - 1]!;
  }

  get hasGone(): boolean {
    return this.#goneCount > 0;
  }

  /** 0 for a UID that is not in the view. */
  sequenceOf(uid: number): number {
    const index = this.#lowerBound(uid);
    return index < this.#count && this.#uids[index] === uid ? index + 1 : 0;
  }

  /** As `sequenceOf`, and faster for the UID that follows the one with the number `previous` (0: for the first). */
  sequenceAfter(previous: number, uid: number): number {
    return previous < this.#count && this.#uids[previous] === uid ? previous + 1 : this.sequenceOf(uid);
  }

  isGone(uid: number): boolean {
    const sequence = this.sequenceOf(uid);
    return sequence > 0 && this.#gone[sequence - 1] === 1;
  }

  /** How many messages have this UID or a higher one. */
  countFrom(uid: number): number {
    return this.#count - this.#lowerBound(uid);
  }

  /** Takes in new messages; ascending UIDs, all above the last one. */
  append(uids: readonly number[]): void {
    if (this.#count + uids.length > this.#uids.length) {
      const grown = new Uint32Array(Math.max(16, this.#count + uids.length, Math.ceil(this.#count * 1.5)));
      grown.set(this.#uids.subarray(0, this.#count));
      this.#uids = grown;
      const gone = new Uint8Array(grown.length);
      gone.set(this.#gone.subarray(0, this.#count));
      this.#gone = gone;
    }
    this.#uids.set(uids, this.#count);
    this.#count += uids.length;
  }

  /** Notes that messages were expunged; UIDs that are not in the view do not matter. Fastest when they ascend. */
  markGone(uids: readonly number[]): void {
    let sequence = 0;
    for (const uid of uids) {
      const found = this.sequenceAfter(sequence, uid);
      if (found === 0) continue;
      sequence = found;
      if (this.#gone[sequence - 1] === 1) continue;
      this.#gone[sequence - 1] = 1;
      this.#goneCount++;
    }
  }

  /**
   * Takes the expunged messages out. Returns their sequence numbers from the highest down, so that each is right at
   * the moment the client hears it.
   */
  takeGone(): number[] {
    const sequences: number[] = [];
    if (this.#goneCount > 0) {
      for (let i = this.#count - 1; i >= 0; i--) if (this.#gone[i] === 1) sequences.push(i + 1);
    }
    this.#removeGone();
    return sequences;
  }

  /** Takes the expunged messages out; their UIDs, ascending, for a client that counts by them. */
  takeGoneUids(): number[] {
    const uids: number[] = [];
    if (this.#goneCount > 0) {
      for (let i = 0; i < this.#count; i++) if (this.#gone[i] === 1) uids.push(this.#uids[i]!);
    }
    this.#removeGone();
    return uids;
  }

  #removeGone(): void {
    if (this.#goneCount === 0) return;
    let kept = 0;
    for (let i = 0; i < this.#count; i++) if (this.#gone[i] === 0) this.#uids[kept++] = this.#uids[i]!;
    this.#gone.fill(0, 0, this.#count);
    this.#count = kept;
    this.#goneCount = 0;
  }

  /** The messages with these sequence numbers; numbers beyond the last match nothing. */
  bySequence(ranges: Ranges): Selection {
    return this.#select(ranges, (from) => from - 1, (to) => to - 1);
  }

  /** The last messages of a selection, so many of them; the rest, which has the lower UIDs, is left out. */
  lastOf(selection: Selection, most: number): Selection {
    if (selection.count <= most) return selection;
    let surplus = selection.count - most;
    const uids: [number, number][] = [];
    for (const [from, to] of selection.uids) {
      const start = this.#lowerBound(from);
      const count = this.#lowerBound(to + 1) - start;
      if (count > surplus) uids.push([this.#uids[start + surplus]!, to]);
      surplus = Math.max(0, surplus - count);
    }
    return { uids, count: most };
  }

  /** The messages of a selection from the place `start` to before `end`. */
  cut(selection: Selection, start: number, end: number): Selection {
    const uids: [number, number][] = [];
    let passed = 0;
    for (const [from, to] of selection.uids) {
      const first = this.#lowerBound(from);
      const count = this.#lowerBound(to + 1) - first;
      const low = Math.max(0, start - passed);
      const high = Math.min(count, end - passed);
      if (low < high) uids.push([this.#uids[first + low]!, this.#uids[first + high - 1]!]);
      passed += count;
    }
    return { uids, count: Math.max(0, end - start) };
  }

  byUid(ranges: Ranges): Selection {
    return this.#select(ranges, (from) => this.#lowerBound(from), (to) => this.#lowerBound(to + 1) - 1);
  }

  /** Cuts a selection into pieces of at most `size` messages. */
  *slices(selection: Selection, size: number): Generator<Selection> {
    let uids: [number, number][] = [];
    let count = 0;
    for (const [from, to] of selection.uids) {
      const end = this.#lowerBound(to + 1);
      for (let at = this.#lowerBound(from); at < end;) {
        const stop = Math.min(end, at + size - count);
        uids.push([this.#uids[at]!, this.#uids[stop - 1]!]);
        count += stop - at;
        at = stop;
        if (count < size) continue;
        yield { uids, count };
        uids = [];
        count = 0;
      }
    }
    if (count > 0) yield { uids, count };
  }

  /** Costs what the ranges match in the view, whatever numbers they span. */
  #select(ranges: Ranges, first: (from: number) => number, last: (to: number) => number): Selection {
    const spans: [number, number][] = [];
    let count = 0;
    for (const [from, to] of ranges) {
      const start = Math.max(0, first(from));
      const end = Math.min(this.#count - 1, last(to));
      if (start > end) continue;
      count += end - start + 1;
      const previous = spans.at(-1);
      if (previous !== undefined && previous[1] + 1 === start) previous[1] = end;
      else spans.push([start, end]);
    }
    return { uids: spans.map(([start, end]) => [this.#uids[start]!, this.#uids[end]!] as const), count };
  }

  /** The index of the first UID that is not below `uid`. */
  #lowerBound(uid: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#uids[middle]! < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
