import type { Job } from "./job.ts";

/** Of so many jobs in a row that go before the others, one of the others goes in between. */
const URGENT_IN_A_ROW = 4;

/** Jobs in the order in which they are to begin: urgent ones first, but not for ever. */
export class Line {
  readonly #urgent = new Fifo();
  readonly #others = new Fifo();
  #inARow = 0;

  get length(): number {
    return this.#urgent.length + this.#others.length;
  }

  get hasUrgent(): boolean {
    return this.#urgent.length > 0;
  }

  add(job: Job): void {
    (job.urgent ? this.#urgent : this.#others).add(job);
  }

  next(): Job | undefined {
    const mayPass = this.#inARow < URGENT_IN_A_ROW || this.#others.length === 0;
    if (this.#urgent.length > 0 && mayPass) {
      this.#inARow++;
      return this.#urgent.take();
    }
    this.#inARow = 0;
    return this.#others.take();
  }

  /** All of them; the line is empty then. */
  clear(): Job[] {
    return [...this.#urgent.clear(), ...this.#others.clear()];
  }
}

/** First in, first out, in constant time however long it is. */
class Fifo {
  #jobs: Job[] = [];
  #head = 0;

  get length(): number {
    return this.#jobs.length - this.#head;
  }

  add(job: Job): void {
    this.#jobs.push(job);
  }

  take(): Job | undefined {
    const job = this.#jobs[this.#head];
    if (job === undefined) return undefined;
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  clear(): Job[] {
    const rest = this.#jobs.slice(this.#head);
    this.#jobs = [];
    this.#head = 0;
    return rest;
  }
}
