import { type Job, senderKey } from "./job.ts";

/**
 * Which parts of which messages are in memory. The store does not know: after a crash nothing is claimed, so everything is
 * tried again. A read of the store that began before an attempt was settled still shows it as due; what was released
 * while a read was under way therefore stays out of reach until that read has been used.
 */
export class Claims {
  /** How many jobs there are, by message and domain. */
  readonly #jobs = new Map<string, number>();
  readonly #messages = new Map<string, number>();
  /** How many jobs each sender has here. */
  readonly #senders = new Map<string, number>();
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

  isTaken(messageId: string, domain: string): boolean {
    const key = `${messageId} ${domain}`;
    return this.#jobs.has(key) || (this.#released?.has(key) ?? false);
  }

  /** How many jobs of the same sender are here. */
  backlogOf(job: Job): number {
    return this.#senders.get(senderKey(job.message)) ?? 0;
  }

  take(job: Job): void {
    increase(this.#jobs, `${job.message.id} ${job.domain}`);
    increase(this.#messages, job.message.id);
    increase(this.#senders, senderKey(job.message));
  }

  release(job: Job): void {
    const key = `${job.message.id} ${job.domain}`;
    this.#released?.add(key);
    decrease(this.#jobs, key);
    decrease(this.#messages, job.message.id);
    decrease(this.#senders, senderKey(job.message));
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function decrease(counts: Map<string, number>, key: string): void {
  const count = counts.get(key) ?? 0;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
}
