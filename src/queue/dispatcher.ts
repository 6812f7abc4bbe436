import { Destination } from "./destination.ts";
import type { Job } from "./job.ts";
import type { QueueSettings } from "./settings.ts";

const SWEEP_SIZE = 1000;

/** The jobs in memory, by destination; destinations take turns, so a long line at one of them holds up no other. */
export class Dispatcher {
  readonly #destinations = new Map<string, Destination>();
  /** Destinations with something to start, in the order of their turns. */
  readonly #turns: Destination[] = [];
  #waiting = 0;

  /** Jobs that wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  destination(name: string): Destination {
    let destination = this.#destinations.get(name);
    if (destination === undefined) {
      destination = new Destination(name);
      this.#destinations.set(name, destination);
    }
    return destination;
  }

  /** How many jobs of one destination may wait in memory: the more destinations, the fewer. */
  fairShare(settings: QueueSettings): number {
    const share = Math.floor(settings.backlog / (this.#destinations.size + 1));
    return Math.max(settings.concurrencyPerDestination, share);
  }

  add(job: Job): void {
    const destination = this.destination(job.destination);
    destination.waiting.push(job);
    this.#waiting++;
    this.#list(destination);
  }

  /** Takes the next job whose destination has room, and counts it as begun there. */
  next(settings: QueueSettings, now: number): Job | null {
    for (;;) {
      const destination = this.#turns.shift();
      if (destination === undefined) return null;
      destination.listed = false;
      if (!destination.hasRoom(settings)) continue;
      const job = destination.waiting.shift();
      if (job === undefined) continue;
      this.#waiting--;
      destination.begin(now);
      this.#list(destination);
      return job;
    }
  }

  /** A job of this destination has ended, so another one may begin. */
  finished(destination: Destination, at: { readonly begunAt: number; readonly now: number }): void {
    destination.end(at.begunAt);
    this.#list(destination);
    if (destination.isForgettable(at.now)) this.#destinations.delete(destination.name);
  }

  /** Takes out all jobs that wait for a destination. */
  takeWaiting(destination: Destination): Job[] {
    const jobs = destination.waiting.splice(0);
    this.#waiting -= jobs.length;
    return jobs;
  }

  /** Lets all dead destinations be tried at once. */
  unblockAll(): void {
    for (const destination of this.#destinations.values()) destination.unblock();
  }

  /** Forgets destinations that nobody has asked for in a long time. */
  sweep(now: number): void {
    if (this.#destinations.size < SWEEP_SIZE) return;
    for (const [name, destination] of this.#destinations) {
      if (destination.isForgettable(now)) this.#destinations.delete(name);
    }
  }

  #list(destination: Destination): void {
    if (destination.listed || destination.waiting.length === 0) return;
    destination.listed = true;
    this.#turns.push(destination);
  }
}
