import { Destination } from "./destination.ts";
import type { Job } from "./job.ts";
import type { QueueSettings } from "./settings.ts";

const SWEEP_SIZE = 1000;

/** Which jobs there is a place for. */
export interface Wanted {
  readonly urgentOnly: boolean;
  /** Only at destinations where nothing runs. */
  readonly idleOnly: boolean;
}

/**
 * The jobs in memory, by destination; destinations take turns, so a long line at one of them holds up no other. Those with an
 * urgent job take their turns first, and a part of all places is kept for them.
 */
export class Dispatcher {
  readonly #destinations = new Map<string, Destination>();
  /** Destinations with something to start, in the order of their turns. */
  readonly #turns = new Set<Destination>();
  readonly #urgentTurns = new Set<Destination>();
  /** Destinations that the rate limit keeps back. */
  readonly #paced = new Set<Destination>();
  #waiting = 0;

  /** Jobs that wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** When the first of those that the rate limit keeps back may go on; Infinity when there are none. */
  get pacedUntil(): number {
    let first = Infinity;
    for (const { pacedUntil } of this.#paced) first = Math.min(first, pacedUntil);
    return first;
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
    destination.waiting.add(job);
    this.#waiting++;
    this.#list(destination);
  }

  /** Takes the next job whose destination has room, and counts it as begun there. */
  next(settings: QueueSettings, now: number, { urgentOnly, idleOnly }: Wanted): Job | null {
    this.#resume(now);
    const urgent = this.#nextOf(this.#urgentTurns, { settings, now, idleOnly });
    if (urgent !== null || urgentOnly) return urgent;
    return this.#nextOf(this.#turns, { settings, now, idleOnly });
  }

  #nextOf(
    turns: Set<Destination>,
    { settings, now, idleOnly }: {
      readonly settings: QueueSettings;
      readonly now: number;
      readonly idleOnly: boolean;
    },
  ): Job | null {
    for (const destination of turns) {
      // It keeps its turn.
      if (idleOnly && destination.running > 0) continue;
      this.#unlist(destination);
      if (!destination.hasRoom(settings)) continue;
      if (destination.pacedUntil > now) {
        this.#paced.add(destination);
        continue;
      }
      const job = destination.next();
      if (job === undefined) continue;
      this.#waiting--;
      destination.begin(now, settings);
      this.#list(destination);
      return job;
    }
    return null;
  }

  /** A job of this destination has ended, so another one may begin. */
  finished(
    destination: Destination,
    at: { readonly begunAt: number; readonly now: number; readonly settings: QueueSettings },
  ): void {
    destination.end(at.begunAt);
    this.#list(destination);
    if (destination.isForgettable(at.now, at.settings)) this.#destinations.delete(destination.name);
  }

  /** Takes out all jobs that wait for a destination. */
  takeWaiting(destination: Destination): Job[] {
    const jobs = destination.waiting.clear();
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
      if (destination.isIdle(now)) this.#destinations.delete(name);
    }
  }

  /** Those whose time has come by the rate limit take turns again. */
  #resume(now: number): void {
    for (const destination of this.#paced) {
      if (destination.pacedUntil > now) continue;
      this.#paced.delete(destination);
      this.#list(destination);
    }
  }

  #list(destination: Destination): void {
    if (destination.waiting.length === 0 || this.#paced.has(destination)) return;
    this.#turns.add(destination);
    if (destination.waiting.hasUrgent) this.#urgentTurns.add(destination);
  }

  #unlist(destination: Destination): void {
    this.#turns.delete(destination);
    this.#urgentTurns.delete(destination);
  }
}
