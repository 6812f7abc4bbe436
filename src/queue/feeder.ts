import type { Clock, Live } from "../core/ports.ts";
import type { QueuedMessage, SpoolStore } from "../store/mod.ts";
import type { Claims } from "./claims.ts";
import type { Destination } from "./destination.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { type Job, splitMessage } from "./job.ts";
import { waiting } from "./judge.ts";
import type { QueueSettings } from "./settings.ts";

export interface FeederDeps {
  readonly spool: SpoolStore;
  readonly clock: Clock;
  readonly settings: Live<QueueSettings>;
  readonly claims: Claims;
  readonly dispatcher: Dispatcher;
  /** Takes over a claimed job whose destination is dead. */
  readonly onDead: (job: Job, destination: Destination) => void;
  /** There are jobs to start. */
  readonly onReady: () => void;
}

/** How many messages are asked for beyond those already in memory. */
const PAGE = 200;

/** Brings what is due from the store into memory, as much as there is room for. */
export class Feeder {
  readonly #deps: FeederDeps;
  #moreDue = false;
  /** The times to which jobs were put off, rounded up so that there are few of them. */
  readonly #appointments = new Set<number>();

  constructor(deps: FeederDeps) {
    this.#deps = deps;
  }

  /** The store holds something that is due and that there was no room for. */
  get moreDue(): boolean {
    return this.#moreDue;
  }

  /** When the first of those that were put off come due; Infinity when there are none. */
  get nextAppointment(): number {
    return Math.min(Infinity, ...this.#appointments);
  }

  /** Page by page, until all that is due was seen, or memory is full, or `isStopping` says so. */
  async fill(isStopping: () => boolean): Promise<void> {
    const { clock, settings, claims, dispatcher } = this.#deps;
    const now = clock.now();
    dispatcher.sweep(now);
    for (const time of this.#appointments) if (time <= now) this.#appointments.delete(time);
    const putOff = new Map<string, number>();
    for (;;) {
      this.#moreDue = claims.size >= settings.current.backlog;
      if (isStopping() || this.#moreDue) return;
      const { overflow, full } = await this.#takePage();
      this.#deps.onReady();
      this.#moreDue = overflow.length > 0;
      if (!full) return;
      // Others may be hidden behind what has no room in memory: move that out of the way, to when its turn comes.
      await Promise.all(overflow.map((job) => {
        const before = putOff.get(job.destination) ?? 0;
        putOff.set(job.destination, before + 1);
        return this.#putOff(job, before);
      }));
    }
  }

  async #takePage(): Promise<{ readonly overflow: readonly Job[]; readonly full: boolean }> {
    const { spool, clock, claims } = this.#deps;
    const limit = claims.size + PAGE;
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
    const { clock, claims, dispatcher, onDead } = this.#deps;
    const settings = this.#deps.settings.current;
    const now = clock.now();
    const jobs = splitMessage(message, { now, size: settings.recipientsPerAttempt })
      .filter((job) => !claims.isTaken(message.id, job.destination));
    const overflow: Job[] = [];
    for (const job of jobs) {
      const destination = dispatcher.destination(job.destination);
      if (destination.isBlocked(now)) {
        claims.take(job);
        onDead(job, destination);
      } else if (destination.waiting.length >= dispatcher.fairShare(settings)) {
        overflow.push(job);
      } else {
        claims.take(job);
        dispatcher.add(job);
      }
    }
    return overflow;
  }

  /** Schedules a job, which nobody has claimed, for when there will be room. */
  async #putOff(job: Job, before: number): Promise<void> {
    const { spool, clock, dispatcher } = this.#deps;
    const settings = this.#deps.settings.current;
    const now = clock.now();
    const destination = dispatcher.destination(job.destination);
    const delay = destination.roomIn(destination.waiting.length + before, { now, settings });
    const step = 2 ** Math.floor(Math.log2(delay / 16));
    const at = Math.ceil((now + delay) / step) * step;
    this.#appointments.add(at);
    await spool.settle(
      job.message.id,
      job.recipients.map((recipient) =>
        waiting(recipient, { attempts: recipient.attempts, outcome: null, at })
      ),
    );
  }
}
