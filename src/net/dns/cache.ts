import type { Clock, DnsAnswer } from "../../core/ports.ts";

/** Even a TTL of zero is kept so long: one delivery asks the same thing several times. */
const MIN_TTL = 1;
/** A day is long enough to be wrong (RFC 8767 section 4 allows a week). */
const MAX_TTL = 86_400;
/** RFC 2308 section 5: one to three hours. */
const MAX_NEGATIVE_TTL = 3600;
/** Larger answers, which no honest mail domain has, are not kept, so that the number of entries bounds the memory. */
const MAX_WEIGHT = 8 * 1024;

type Answer = DnsAnswer<unknown>;

interface Entry {
  readonly answer: Answer;
  readonly expiresAt: number;
}

/** Answers by question; the one not asked for the longest time makes room. */
export class DnsCache {
  #entries = new Map<string, Entry>();
  #size: number;
  #clock: Clock;

  constructor(size: number, clock: Clock) {
    this.#size = size;
    this.#clock = clock;
  }

  /** The answer with the time it has left, or null. */
  get(key: string): Answer | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    this.#entries.delete(key);
    const leftMs = entry.expiresAt - this.#clock.now();
    if (leftMs <= 0) return null;
    this.#entries.set(key, entry);
    return { ...entry.answer, ttl: Math.ceil(leftMs / 1000) };
  }

  set(key: string, answer: Answer): void {
    if (this.#size <= 0 || weight(answer) > MAX_WEIGHT) return;
    const most = answer.kind === "found" ? MAX_TTL : MAX_NEGATIVE_TTL;
    const ttl = Math.min(Math.max(answer.ttl, MIN_TTL), most);
    this.#entries.delete(key);
    this.#entries.set(key, { answer, expiresAt: this.#clock.now() + ttl * 1000 });
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

/** About how many bytes the records take. */
function weight(answer: Answer): number {
  let sum = 0;
  for (const record of answer.records) sum += 32 + recordWeight(record);
  return sum;
}

function recordWeight(record: unknown): number {
  if (typeof record === "string") return record.length;
  const { data } = record as { readonly data?: unknown };
  return 64 + (typeof data === "string" ? data.length : 0);
}
