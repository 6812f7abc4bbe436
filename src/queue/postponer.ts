import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Random } from "../core/ports.ts";
import type { Postponement } from "../store/mod.ts";
import type { Claims } from "./claims.ts";
import type { Conclusion } from "./conclusion.ts";
import type { Destination } from "./destination.ts";
import type { Job } from "./job.ts";
import type { QueueSettings } from "./settings.ts";
import type { Settler } from "./settler.ts";
import type { Tasks } from "./tasks.ts";

export interface PostponerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: Live<QueueSettings>;
  readonly claims: Claims;
  readonly settler: Settler;
  readonly conclusion: Conclusion;
  readonly tasks: Tasks;
  readonly expect: (at: number) => void;
}

/**
 * Gives what waits for a dead destination the result that it gave to another message. Whatever else waits for the same domain in
 * the store is moved along in the same write, unread: a dead domain costs about the same whether ten messages wait for it or ten
 * thousand. Only those whose sender is to be told something are gone through one by one.
 */
export class Postponer {
  readonly #deps: PostponerDeps;
  /** Jobs that came while a write for their destination was under way: they share the next one. */
  readonly #waiting = new Map<Destination, Job[]>();

  constructor(deps: PostponerDeps) {
    this.#deps = deps;
  }

  /** Takes over claimed jobs. */
  postpone(jobs: readonly Job[], destination: Destination): void {
    if (jobs.length === 0) return;
    const waiting = this.#waiting.get(destination);
    if (waiting !== undefined) return void waiting.push(...jobs);
    this.#waiting.set(destination, [...jobs]);
    this.#deps.tasks.track(this.#run(destination));
  }

  async #run(destination: Destination): Promise<void> {
    try {
      for (let jobs = this.#take(destination); jobs.length > 0; jobs = this.#take(destination)) {
        await this.#together(jobs, destination);
      }
    } finally {
      const rest = this.#take(destination);
      this.#waiting.delete(destination);
      for (const job of rest) this.#deps.claims.release(job);
    }
  }

  #take(destination: Destination): Job[] {
    const jobs = this.#waiting.get(destination) ?? [];
    this.#waiting.set(destination, []);
    return jobs;
  }

  async #together(jobs: readonly Job[], destination: Destination): Promise<void> {
    const { claims, settler, expect } = this.#deps;
    try {
      const failure = destination.lastFailure;
      // It answers again: they are due, and come back with the next look at the store.
      if (failure === null) return;
      const domains = new Map<string, Postponement>();
      const others: Job[] = [];
      for (const job of jobs) {
        const known = domains.get(job.domain);
        const move = known ?? this.#describe(job.domain, destination, failure);
        if (!isCovered(job, move)) others.push(job);
        else if (known === undefined) domains.set(job.domain, move);
      }
      for (const move of domains.values()) {
        await settler.postpone(move);
        expect(move.until);
      }
      await Promise.all(others.map((job) => this.#alone(job, destination, failure)));
    } finally {
      for (const job of jobs) claims.release(job);
    }
  }

  #describe(recipientDomain: string, { blockedUntil }: Destination, failure: Outcome): Postponement {
    const { giveUpAfterMs, delayNoticeAfterMs } = this.#deps.settings.current;
    return {
      recipientDomain,
      dueBy: blockedUntil,
      // What would expire, or be late enough for a notice, before the destination is tried again is not passed over.
      queuedAfter: blockedUntil - giveUpAfterMs,
      unnoticedAfter: blockedUntil - (delayNoticeAfterMs ?? giveUpAfterMs),
      until: blockedUntil,
      spreadMs: this.#spreadMs,
      answer: { lastReply: failure.reply.toString(), lastHost: failure.host },
    };
  }

  async #alone(job: Job, { blockedUntil }: Destination, failure: Outcome): Promise<void> {
    const outcomes = job.recipients.map(({ address }): Outcome => ({ ...failure, recipient: address }));
    const notBefore = blockedUntil + Math.round(this.#deps.random.fraction() * this.#spreadMs);
    await this.#deps.conclusion.draw(job, outcomes, { counts: false, notBefore });
  }

  /** What failed together does not come back together. */
  get #spreadMs(): number {
    const { firstRetryMs, jitter } = this.#deps.settings.current;
    return Math.round(firstRetryMs * jitter);
  }
}

/** Whether the store will find all recipients of the job by the description. */
function isCovered({ message, recipients }: Job, move: Postponement): boolean {
  const { queuedAt } = message;
  return queuedAt > move.queuedAfter && recipients.every(({ address, nextAttemptAt, delayNotified }) =>
    // In other letters it lies elsewhere in the store's index.
    address.domain === move.recipientDomain && nextAttemptAt <= move.dueBy &&
    (delayNotified || queuedAt > move.unnoticedAfter)
  );
}
