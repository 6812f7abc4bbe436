import type { Job } from "./job.ts";

/**
 * Which parts of which messages are in memory. The store does not know: after a crash nothing is claimed, so everything is
 * tried again. A read of the store that began before an attempt was settled still shows it as due; what was released
 * while a read was under way therefore stays out of reach until that read has been used.
 */
export class Claims {
  /** How many jobs there are, by message and destination. */
  readonly #jobs = new Map<string, number>();
  readonly #messages = new Map<string, number>();
  #released: Set<string> | null = null;

  /** How many messages are claimed, in whole or in part. */
  get size(): number {
    return this.#messages.size;
  }

  beginRead(): void {
    this.#released = new Set();
  }

  endRead(): void {
    this.#released = null;
  }

  isTaken(messageId: string, destination: string): boolean {
    const key = `${messageId} ${destination}`;
    return this.#jobs.has(key) || (this.#released?.has(key) ?? false);
  }

  take(job: Job): void {
    const { id } = job.message;
    const key = `${id} ${job.destination}`;
    this.#jobs.set(key, (this.#jobs.get(key) ?? 0) + 1);
    this.#messages.set(id, (this.#messages.get(id) ?? 0) + 1);
  }

  release(job: Job): void {
    const { id } = job.message;
    const key = `${id} ${job.destination}`;
    this.#released?.add(key);
    decrease(this.#jobs, key);
    decrease(this.#messages, id);
  }
}

function decrease(counts: Map<string, number>, key: string): void {
  const count = counts.get(key) ?? 0;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
}
