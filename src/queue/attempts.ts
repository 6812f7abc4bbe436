import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Random } from "../core/ports.ts";
import { reply } from "../core/reply.ts";
import type { Store } from "../store/mod.ts";
import { toAttempt } from "./attempt.ts";
import type { Claims } from "./claims.ts";
import type { Conclusion } from "./conclusion.ts";
import type { Courier } from "./courier.ts";
import type { Destination } from "./destination.ts";
import type { Dispatcher, Wanted } from "./dispatcher.ts";
import type { Job } from "./job.ts";
import { isOverloaded, isUnreachable } from "./judge.ts";
import type { Postponer } from "./postponer.ts";
import type { QueueSettings } from "./settings.ts";
import { SlowWatch } from "./slow_watch.ts";
import type { Tasks } from "./tasks.ts";

export interface AttemptsDeps {
  readonly store: Store;
  readonly courier: Courier;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: Live<QueueSettings>;
  readonly claims: Claims;
  readonly dispatcher: Dispatcher;
  readonly conclusion: Conclusion;
  readonly postponer: Postponer;
  readonly tasks: Tasks;
  /** An attempt at this destination has ended. */
  readonly onEnd: (destination: Destination) => void;
  /** Cuts attempts off. */
  readonly signal: AbortSignal;
}

/** A job that waited longer is read again before it starts: an operator may have held or dropped it. */
const STALE_MS = 5_000;
/** The part of `concurrency` that is kept for urgent jobs. */
const URGENT_SHARE = 0.1;
/** The part of all places that is kept for destinations at which nothing runs; the last half of it for urgent jobs there. */
const IDLE_SHARE = 0.1;

/** Begins attempts as there are places for them, and sees each of them through. */
export class Attempts {
  readonly #deps: AttemptsDeps;
  readonly #watch: SlowWatch;
  /** A timer runs that begins what the rate limit keeps back. */
  #pacing = false;
  #stopped = false;

  constructor(deps: AttemptsDeps) {
    this.#deps = deps;
    this.#watch = new SlowWatch(deps.clock, {
      slowAfterMs: () => deps.settings.current.slowAfterMs,
      onSlow: () => this.begin(),
      signal: deps.signal,
    });
  }

  /** Begins nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  /** Begins what may begin. */
  begin(): void {
    const { clock, dispatcher, settings, tasks } = this.#deps;
    const current = settings.current;
    while (!this.#stopped) {
      const wanted = this.#wanted(current);
      if (wanted === null) return;
      const begunAt = clock.now();
      const job = dispatcher.next(current, begunAt, wanted);
      if (job === null) break;
      tasks.track(this.#attempt(job, begunAt));
    }
    this.#pace();
  }

  /** What there is a place for; null when nothing more may begin. */
  #wanted({ concurrency, slowConcurrency }: QueueSettings): Wanted | null {
    const { quick, slow } = this.#watch;
    const all = concurrency + slowConcurrency;
    const [quickLeft, left] = [concurrency - quick, all - quick - slow];
    if (quickLeft <= 0 || left <= 0) return null;
    // However many attempts hang, a destination that none of them is at finds a place, and a letter rather than a mailing.
    const kept = Math.floor(all * IDLE_SHARE);
    return {
      urgentOnly: quickLeft <= Math.floor(concurrency * URGENT_SHARE) || left <= Math.floor(kept / 2),
      idleOnly: left <= kept,
    };
  }

  /** One timer for all destinations that the rate limit keeps back. */
  #pace(): void {
    const { clock, dispatcher, signal } = this.#deps;
    const at = dispatcher.pacedUntil;
    if (this.#pacing || at === Infinity || this.#stopped) return;
    this.#pacing = true;
    clock.sleep(Math.max(1, at - clock.now()), signal).then(() => {
      this.#pacing = false;
      this.begin();
    });
  }

  async #attempt(claimed: Job, begunAt: number): Promise<void> {
    const { claims, clock, conclusion, dispatcher, settings, signal } = this.#deps;
    const destination = dispatcher.destination(claimed.destination);
    const watched = this.#watch.begin(begunAt);
    try {
      const job = await this.#refresh(claimed);
      if (job === null) return;
      const outcomes = await this.#deliver(job);
      if (signal.aborted && outcomes.every(({ kind }) => kind === "deferred")) return;
      this.#noteReachability(destination, outcomes, clock.now() - begunAt);
      await conclusion.draw(job, outcomes, { counts: true, notBefore: destination.blockedUntil });
    } finally {
      this.#watch.end(watched);
      claims.release(claimed);
      dispatcher.finished(destination, { begunAt, now: clock.now(), settings: settings.current });
      this.#deps.onEnd(destination);
      this.begin();
    }
  }

  /** What there is left to do, when the job has waited long enough for an operator to have changed it. */
  async #refresh(job: Job): Promise<Job | null> {
    const { clock, store } = this.#deps;
    if (clock.now() - job.takenAt < STALE_MS) return job;
    const message = await store.spool.get(job.message.id);
    if (message === null) return null;
    const mine = new Set(job.recipients.map((recipient) => recipient.index));
    const recipients = message.recipients.filter(({ index, held }) => mine.has(index) && !held);
    return recipients.length === 0 ? null : { ...job, message, recipients };
  }

  async #deliver(job: Job): Promise<Outcome[]> {
    const { store, courier, log, signal } = this.#deps;
    const { message, recipients } = job;
    const { bodyId, size, skip } = message;
    try {
      const content = () => store.bodies.read(bodyId, { start: skip, end: size });
      return await courier.deliver(toAttempt(job, content), signal);
    } catch (error) {
      log.error("delivery-error", { message: message.id, error: String(error) });
      const internal = reply(451, "4.3.0", "Internal error, will try again");
      return recipients.map(({ address }) => ({
        recipient: address,
        kind: "deferred",
        reply: internal,
        host: null,
      }));
    }
  }

  #noteReachability(destination: Destination, outcomes: readonly Outcome[], tookMs: number): void {
    const { clock, dispatcher, postponer, random } = this.#deps;
    const settings = this.#deps.settings.current;
    if (!isUnreachable(outcomes)) {
      destination.noteReached(tookMs);
      if (isOverloaded(outcomes)) destination.noteOverload(settings);
      else destination.noteSuccess(settings);
      return;
    }
    destination.noteUnreachable(outcomes[0]!, { clock, random, settings });
    postponer.postpone(dispatcher.takeWaiting(destination), destination);
  }
}
