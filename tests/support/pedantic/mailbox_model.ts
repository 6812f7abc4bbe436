import type { ExtendedSearch } from "./responses.ts";
import { GrammarError } from "./scanner.ts";

/** What the client knows of its mailbox, from nothing but what the server said. */
export class MailboxModel {
  /** By sequence number; 0 for a UID that was not told. */
  readonly #uids: number[] = [];
  /** What must stay as it is: sizes, by UID. */
  readonly #sizes = new Map<number, number>();
  /** Sequence numbers are off (RFC 9586). */
  uidOnly = false;

  get count(): number {
    return this.#uids.length;
  }

  exists(count: number): void {
    if (count < this.count) {
      throw new GrammarError(`EXISTS fell from ${this.count} to ${count} without EXPUNGE`);
    }
    while (this.#uids.length < count) this.#uids.push(0);
  }

  expunge(sequence: number): void {
    this.check(sequence);
    this.#uids.splice(sequence - 1, 1);
  }

  /** RFC 7162 section 3.2.10: each of them was in the mailbox. */
  vanished(uids: readonly (readonly [number, number])[]): void {
    for (const [first, last] of uids) {
      for (let uid = first; uid <= last; uid++) {
        const known = this.#uids.indexOf(uid);
        const at = known >= 0 ? known : this.#uids.indexOf(0);
        if (at < 0) throw new GrammarError(`VANISHED ${uid}, which was not there`);
        this.#uids.splice(at, 1);
        // Where the others are now is known again when their UIDs are told.
        if (known < 0) this.#uids.fill(0);
      }
    }
  }

  check(sequence: number): void {
    if (this.uidOnly) throw new GrammarError("A sequence number, though UIDONLY is on");
    if (sequence < 1 || sequence > this.count) {
      throw new GrammarError(`Message ${sequence} of ${this.count}`);
    }
  }

  /** A UID belongs to one number, and grows with it (RFC 3501 section 2.3.1.1). */
  learnUid(sequence: number, uid: number): void {
    const at = sequence - 1;
    const known = this.#uids[at];
    if (known !== 0 && known !== uid) {
      throw new GrammarError(`Message ${sequence} had UID ${known}, now ${uid}`);
    }
    this.#uids[at] = uid;
    const before = this.#uids.slice(0, at).findLast((other) => other !== 0) ?? 0;
    const after = this.#uids.slice(sequence).find((other) => other !== 0) ?? Infinity;
    if (before >= uid || after <= uid) {
      throw new GrammarError(`UID ${uid} stands between ${before} and ${after}`);
    }
  }

  uidOf(sequence: number): number {
    return this.#uids[sequence - 1] ?? 0;
  }

  learnSize(uid: number, size: number): void {
    const known = this.#sizes.get(uid);
    if (known !== undefined && known !== size) {
      throw new GrammarError(`The message with UID ${uid} has ${known} bytes and ${size} bytes`);
    }
    this.#sizes.set(uid, size);
  }
}

/** What the parts of one ESEARCH say must agree (RFC 4731 section 3.1). */
export function checkSearch({ values }: ExtendedSearch): void {
  const all = values.get("ALL");
  if (!Array.isArray(all)) return;
  const numbers = all.flatMap(([a, b]: [number, number]) => [Math.min(a, b), Math.max(a, b)]);
  const count = all.reduce((sum: number, [a, b]: [number, number]) => sum + Math.abs(b - a) + 1, 0);
  const expected: [string, number][] = [
    ["MIN", Math.min(...numbers)],
    ["MAX", Math.max(...numbers)],
    ["COUNT", count],
  ];
  for (const [name, value] of expected) {
    if (values.has(name) && values.get(name) !== value) {
      throw new GrammarError(`ESEARCH says ${name} ${values.get(name)}, but by ALL it is ${value}`);
    }
  }
}
