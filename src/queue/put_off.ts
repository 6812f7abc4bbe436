import type { Clock, Live } from "../core/ports.ts";
import type { SpoolStore } from "../store/mod.ts";
import type { Destination } from "./destination.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Job } from "./job.ts";
import { waiting } from "./judge.ts";
import type { QueueSettings } from "./settings.ts";

export interface PutOffDeps {
  readonly spool: SpoolStore;
  readonly clock: Clock;
  readonly settings: Live<QueueSettings>;
  readonly dispatcher: Dispatcher;
}

/** The first attempts at a destination end, or hang, within this: there is no use in asking the store sooner. */
const UNPROVEN_MS = 1_000;

/** Schedules what is due, and has no room in memory, for when there will be room: it must not hide others. */
export class PutOff {
  readonly #deps: PutOffDeps;
  /** The times to which jobs were put off, rounded up so that there are few of them. */
  readonly #appointments = new Set<number>();
  /** Domains being moved as a whole. */
  readonly #moving = new Map<string, Promise<unknown>>();

  constructor(deps: PutOffDeps) {
    this.#deps = deps;
  }

  /** When the first of those that were put off come due; Infinity when there are none. */
  get nextAppointment(): number {
    return Math.min(Infinity, ...this.#appointments);
  }

  /** Appointments up to now are met. */
  forget(now: number): void {
    for (const time of this.#appointments) if (time <= now) this.#appointments.delete(time);
  }

  /**
   * Puts off jobs that nobody else may take meanwhile, each to its turn in the line. Of a destination that has not answered yet
   * nobody can say when that is, so all that waits for the domain is moved in one write, unread. `before` counts how many of each
   * destination went before these.
   */
  async all(jobs: readonly Job[], before = new Map<string, number>()): Promise<void> {
    await Promise.all(jobs.map((job) => {
      const destination = this.#deps.dispatcher.destination(job.destination);
      const isPlain = job.recipients.every(({ address }) => address.domain === job.domain);
      if (destination.isUnproven && isPlain) return this.#domain(job.domain, destination);
      const ahead = before.get(job.destination) ?? 0;
      before.set(job.destination, ahead + 1);
      return this.#one(job, this.#appointment(this.#roomIn(destination, ahead)));
    }));
  }

  #domain(recipientDomain: string, destination: Destination): Promise<unknown> {
    let moving = this.#moving.get(recipientDomain);
    if (moving === undefined) {
      const always = Number.MIN_SAFE_INTEGER;
      moving = this.#deps.spool.postpone({
        recipientDomain,
        dueBy: this.#deps.clock.now(),
        queuedAfter: always,
        unnoticedAfter: always,
        until: this.#appointment(Math.max(UNPROVEN_MS, this.#roomIn(destination, 0))),
        spreadMs: 0,
        answer: null,
      }).finally(() => this.#moving.delete(recipientDomain));
      this.#moving.set(recipientDomain, moving);
    }
    return moving;
  }

  async #one(job: Job, at: number): Promise<void> {
    await this.#deps.spool.settle(
      job.message.id,
      job.recipients.map((recipient) =>
        waiting(recipient, { attempts: recipient.attempts, outcome: null, at })
      ),
    );
  }

  #roomIn(destination: Destination, before: number): number {
    const { clock, settings } = this.#deps;
    const at = { now: clock.now(), settings: settings.current };
    return destination.roomIn(destination.waiting.length + before, at);
  }

  #appointment(delay: number): number {
    const step = 2 ** Math.floor(Math.log2(delay / 16));
    const at = Math.ceil((this.#deps.clock.now() + delay) / step) * step;
    this.#appointments.add(at);
    return at;
  }
}
