import type { Clock, Live } from "../core/ports.ts";
import type { QueuedMessage, SpoolStore } from "../store/mod.ts";
import type { Claims } from "./claims.ts";
import type { Destination } from "./destination.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { type Job, splitMessage } from "./job.ts";
import type { DestinationKeys } from "./keys.ts";
import { PutOff } from "./put_off.ts";
import type { QueueSettings } from "./settings.ts";

export interface FeederDeps {
  readonly spool: SpoolStore;
  readonly clock: Clock;
  readonly settings: Live<QueueSettings>;
  readonly claims: Claims;
  readonly dispatcher: Dispatcher;
  readonly keys: DestinationKeys;
  /** Takes over a claimed job whose destination is dead. */
  readonly onDead: (job: Job, destination: Destination) => void;
  /** There are jobs to start. */
  readonly onReady: () => void;
  /** Runs something in the background that stopping waits for. */
  readonly track: (task: Promise<void>) => void;
}

/** How many messages are asked for at least, beyond those already in memory, which a look at the store shows again. */
const PAGE = 200;
/** Nothing is asked for until this part of the memory is free: a look that brings little costs as much as one that brings a lot. */
const WORTH_A_LOOK = 0.25;
/** A sender with no more than this in memory has its fresh messages go first. */
const SMALL_BACKLOG = 10;

/** Brings what is due from the store into memory, as much as there is room for, and takes in what comes fresh. */
export class Feeder {
  readonly #deps: FeederDeps;
  #moreDue = false;
  readonly #putOff: PutOff;
  /** How many jobs of each domain wait until it is known which destination it belongs to. */
  readonly #asking = new Map<string, number>();

  constructor(deps: FeederDeps) {
    this.#deps = deps;
    this.#putOff = new PutOff(deps);
  }

  /** The store holds something that is due and that there was no room for. */
  get moreDue(): boolean {
    return this.#moreDue;
  }

  /** When the first of those that were put off come due; Infinity when there are none. */
  get nextAppointment(): number {
    return this.#putOff.nextAppointment;
  }

  /**
   * Takes in what was put into the queue just now, without reading it back. What has no room here waits in the store, but a
   * sender who has little under way always finds room: one huge mailing must not delay a single letter.
   */
  offer(messages: readonly QueuedMessage[]): void {
    const { clock, claims } = this.#deps;
    const settings = this.#deps.settings.current;
    const now = clock.now();
    for (const message of messages) {
      // A look at the store that is under way may have brought it before we heard of it: it must not be sent twice.
      const jobs = splitMessage(message, { now, size: settings.recipientsPerAttempt })
        .filter((job) => !claims.isTaken(message.id, job.domain));
      for (const job of jobs) {
        const urgent = claims.backlogOf(job) < SMALL_BACKLOG;
        const most = urgent ? 2 * settings.backlog : settings.backlog;
        if (claims.size >= most || this.#place({ ...job, urgent }) !== null) this.#moreDue = true;
      }
    }
    this.#deps.onReady();
  }

  /** Page by page, until all that is due was seen, or memory is full, or `isStopping` says so. */
  async fill(isStopping: () => boolean): Promise<void> {
    const { clock, settings, claims, dispatcher } = this.#deps;
    const now = clock.now();
    dispatcher.sweep(now);
    this.#putOff.forget(now);
    const before = new Map<string, number>();
    for (;;) {
      this.#moreDue = claims.size > settings.current.backlog * (1 - WORTH_A_LOOK);
      if (isStopping() || this.#moreDue) return;
      const { overflow, full } = await this.#takePage();
      this.#deps.onReady();
      this.#moreDue = overflow.length > 0;
      if (!full) return;
      // Others may be hidden behind what has no room in memory: move that out of the way, to when its turn comes.
      await this.#putOff.all(overflow, before);
    }
  }

  async #takePage(): Promise<{ readonly overflow: readonly Job[]; readonly full: boolean }> {
    const { spool, clock, claims } = this.#deps;
    const room = this.#deps.settings.current.backlog - claims.size;
    const limit = claims.size + Math.max(PAGE, Math.min(claims.size, room));
    claims.beginRead();
    try {
      const page = await spool.due(clock.now(), limit);
      return { overflow: page.flatMap((message) => this.#take(message)), full: page.length >= limit };
    } finally {
      claims.endRead();
    }
  }

  /** Claims the parts of a message that are due and free; returns those that there is no room for. */
  #take(message: QueuedMessage): Job[] {
    const { clock, claims } = this.#deps;
    const jobs = splitMessage(message, {
      now: clock.now(),
      size: this.#deps.settings.current.recipientsPerAttempt,
    })
      .filter((job) => !claims.isTaken(message.id, job.domain));
    return jobs.map((job) => this.#place(job)).filter((job) => job !== null);
  }

  /** Claims a job and puts it into its line; returns it, unclaimed, when there is no room. */
  #place(job: Job): Job | null {
    const { claims, dispatcher, keys, settings } = this.#deps;
    const key = keys.of(job.domain);
    if (typeof key !== "string") {
      // The line is not known yet. It is asked for beside everything else; the domain's own line stands for it until then.
      const asking = this.#asking.get(job.domain) ?? 0;
      if (!job.urgent && asking >= dispatcher.fairShare(settings.current)) return job;
      claims.take(job);
      this.#asking.set(job.domain, asking + 1);
      this.#deps.track(key.then((destination) => this.#placeLater({ ...job, destination })));
      return null;
    }
    const placed = { ...job, destination: key };
    const destination = dispatcher.destination(key);
    if (!this.#hasRoom(placed, destination)) return placed;
    claims.take(placed);
    this.#enter(placed, destination);
    return null;
  }

  async #placeLater(job: Job): Promise<void> {
    const { dispatcher, claims, onReady } = this.#deps;
    const asking = this.#asking.get(job.domain) ?? 0;
    if (asking > 1) this.#asking.set(job.domain, asking - 1);
    else this.#asking.delete(job.domain);
    const destination = dispatcher.destination(job.destination);
    if (this.#hasRoom(job, destination)) {
      this.#enter(job, destination);
      return onReady();
    }
    try {
      await this.#putOff.all([job]);
    } finally {
      claims.release(job);
    }
  }

  #hasRoom(job: Job, destination: Destination): boolean {
    const { clock, dispatcher, settings } = this.#deps;
    if (job.urgent || destination.isBlocked(clock.now())) return true;
    return destination.waiting.length < dispatcher.fairShare(settings.current);
  }

  /** Hands a claimed job on. */
  #enter(job: Job, destination: Destination): void {
    if (destination.isBlocked(this.#deps.clock.now())) this.#deps.onDead(job, destination);
    else this.#deps.dispatcher.add(job);
  }
}
