import { formatAddress } from "../core/address.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Metrics, Random, Submit } from "../core/ports.ts";
import { reply } from "../core/reply.ts";
import type { QueuedMessage, RecipientUpdate, Store } from "../store/mod.ts";
import { Claims } from "./claims.ts";
import type { Courier } from "./courier.ts";
import type { Destination } from "./destination.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Feeder } from "./feeder.ts";
import type { Job } from "./job.ts";
import { isOverloaded, isUnreachable, judge, type Judged } from "./judge.ts";
import { DestinationKeys } from "./keys.ts";
import { Reporter } from "./reporter.ts";
import type { QueueSettings } from "./settings.ts";
import { toAttempt } from "./attempt.ts";
import { Settler } from "./settler.ts";
import { Sleeper } from "./sleeper.ts";
import { SlowWatch } from "./slow_watch.ts";

export interface QueueRunnerDeps {
  readonly store: Store;
  readonly courier: Courier;
  /** Where reports go in: the one door. */
  readonly submit: Submit;
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: Live<QueueSettings>;
}

export interface QueueRunner {
  start(): void;
  /** Looks at the queue at once and tries dead destinations again: after an operator's command. */
  wake(): void;
  /** Tells the sender of a message that an operator took it out of the queue; false when that is not possible now. */
  reportDropped(message: QueuedMessage): Promise<boolean>;
  /** Begins nothing new and lets attempts finish, for a bounded time; what is cut off is tried again later. */
  stop(): Promise<void>;
}

/** With so many in memory, the store is asked less often. */
const BUSY = 64;
const BUSY_PAUSE_MS = 20;
/** While something is in memory the store cannot say when the next of the others is due, so it is asked this often. */
const POLL_MS = 1_000;
const IDLE_MS = 60_000;
/** A job that waited longer is read again before it starts: an operator may have held or dropped it. */
const STALE_MS = 5_000;
const ABORT_WAIT_MS = 2_000;
/** The part of `concurrency` that is kept for urgent jobs. */
const URGENT_SHARE = 0.1;

export class Runner implements QueueRunner {
  readonly #deps: QueueRunnerDeps;
  readonly #claims = new Claims();
  readonly #dispatcher = new Dispatcher();
  readonly #feeder: Feeder;
  readonly #reporter: Reporter;
  readonly #settler: Settler;
  readonly #sleeper: Sleeper;
  readonly #abort = new AbortController();
  /** Everything under way: attempts, and jobs being put off. */
  readonly #tasks = new Set<Promise<void>>();
  readonly #watch: SlowWatch;
  #stopping = false;
  /** When the loop looks at the store again by itself; Infinity while it looks. */
  #sleepsUntil = Infinity;
  /** A timer runs that begins what the rate limit keeps back. */
  #pacing = false;
  #loop: Promise<void> | null = null;
  #unwatch = () => {};

  constructor(deps: QueueRunnerDeps) {
    this.#deps = deps;
    this.#feeder = new Feeder({
      spool: deps.store.spool,
      clock: deps.clock,
      settings: deps.settings,
      claims: this.#claims,
      dispatcher: this.#dispatcher,
      keys: new DestinationKeys(deps.courier, deps.clock),
      track: (task) => this.#track(task),
      onDead: (job, destination) => this.#track(this.#postpone(job, destination)),
      onReady: () => this.#pump(),
    });
    this.#reporter = new Reporter(deps);
    this.#settler = new Settler({ ...deps, signal: this.#abort.signal });
    this.#sleeper = new Sleeper(deps.clock);
    this.#watch = new SlowWatch(deps.clock, {
      slowAfterMs: () => deps.settings.current.slowAfterMs,
      onSlow: () => this.#pump(),
      signal: this.#abort.signal,
    });
  }

  start(): void {
    if (this.#loop !== null) return;
    this.#unwatch = this.#deps.store.bus.watchSpool((fresh) => this.#hear(fresh));
    this.#loop = this.#run();
  }

  wake(): void {
    this.#dispatcher.unblockAll();
    this.#sleeper.wake();
  }

  reportDropped(message: QueuedMessage): Promise<boolean> {
    return this.#reporter.reportDropped(message);
  }

  /** What was queued just now is taken at once; what an operator made due is looked up. */
  #hear(fresh: readonly QueuedMessage[]): void {
    if (fresh.length === 0) return this.#sleeper.wake();
    if (this.#stopping) return;
    this.#feeder.offer(fresh);
    if (this.#feeder.moreDue) this.#sleeper.wake();
    const now = this.#deps.clock.now();
    for (const { recipients } of fresh) {
      for (const { nextAttemptAt } of recipients) if (nextAttemptAt > now) this.#expect(nextAttemptAt);
    }
  }

  /** Something comes due then: the loop must not sleep for longer. */
  #expect(at: number): void {
    if (at < this.#sleepsUntil) this.#sleeper.wake();
  }

  async stop(): Promise<void> {
    const { clock, settings } = this.#deps;
    this.#stopping = true;
    this.#unwatch();
    this.#sleeper.wake();
    await this.#loop;
    await this.#waitForTasks(clock, settings.current.stopWaitMs);
    this.#abort.abort();
    await this.#waitForTasks(clock, ABORT_WAIT_MS);
  }

  async #waitForTasks(clock: Clock, ms: number): Promise<void> {
    if (this.#tasks.size === 0) return;
    const timer = new AbortController();
    await Promise.race([Promise.all(this.#tasks), clock.sleep(ms, timer.signal)]);
    timer.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#feeder.fill(() => this.#stopping);
        await this.#rest();
      } catch (error) {
        this.#deps.log.error("queue-error", { error: String(error) });
        await this.#sleeper.sleep(POLL_MS);
      }
    }
  }

  async #rest(): Promise<void> {
    const { clock, store } = this.#deps;
    if (this.#claims.size > 0) {
      if (this.#claims.size > BUSY) await clock.sleep(BUSY_PAUSE_MS, this.#abort.signal);
      return await this.#sleep(
        Math.min(POLL_MS, Math.max(0, this.#feeder.nextAppointment - clock.now())),
      );
    }
    const next = await store.spool.nextDueAt();
    // A job may have been taken out and settled meanwhile; then it is due in the past only for this moment.
    const ms = next === null ? IDLE_MS : Math.max(next - clock.now(), 10);
    await this.#sleep(Math.min(ms, IDLE_MS));
  }

  async #sleep(ms: number): Promise<void> {
    this.#sleepsUntil = this.#deps.clock.now() + ms;
    await this.#sleeper.sleep(ms);
    this.#sleepsUntil = Infinity;
  }

  /** Starts what may start. */
  #pump(): void {
    const settings = this.#deps.settings.current;
    while (!this.#stopping) {
      const slots = this.#slots(settings);
      if (slots <= 0) return;
      const begunAt = this.#deps.clock.now();
      // The last places are kept for urgent jobs, so that a mailing to many hosts does not hold up a letter.
      const urgentOnly = slots <= Math.floor(settings.concurrency * URGENT_SHARE);
      const job = this.#dispatcher.next(settings, begunAt, { urgentOnly });
      if (job === null) break;
      this.#track(this.#attempt(job, begunAt));
    }
    this.#pace();
  }

  /** How many more attempts may begin. */
  #slots({ concurrency, slowConcurrency }: QueueSettings): number {
    const { quick, slow } = this.#watch;
    return Math.min(concurrency - quick, concurrency + slowConcurrency - quick - slow);
  }

  /** One timer for all destinations that the rate limit keeps back. */
  #pace(): void {
    const at = this.#dispatcher.pacedUntil;
    if (this.#pacing || at === Infinity || this.#stopping) return;
    this.#pacing = true;
    const { clock } = this.#deps;
    clock.sleep(Math.max(1, at - clock.now()), this.#abort.signal).then(() => {
      this.#pacing = false;
      this.#pump();
    });
  }

  #track(task: Promise<void>): void {
    const tracked = task
      .catch((error) => this.#deps.log.error("queue-error", { error: String(error) }))
      .finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
  }

  async #attempt(claimed: Job, begunAt: number): Promise<void> {
    const { clock, settings } = this.#deps;
    const destination = this.#dispatcher.destination(claimed.destination);
    const watched = this.#watch.begin(begunAt);
    try {
      const job = await this.#refresh(claimed);
      if (job === null) return;
      const outcomes = await this.#deliver(job);
      if (this.#abort.signal.aborted && outcomes.every(({ kind }) => kind === "deferred")) return;
      this.#noteReachability(destination, outcomes, clock.now() - begunAt);
      await this.#conclude(job, outcomes, { counts: true, notBefore: destination.blockedUntil });
    } finally {
      this.#watch.end(watched);
      this.#claims.release(claimed);
      this.#dispatcher.finished(destination, { begunAt, now: clock.now(), settings: settings.current });
      this.#refillWhenLow(destination);
      this.#pump();
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
    const { store, courier, log } = this.#deps;
    const { message, recipients } = job;
    const { bodyId, size, skip } = message;
    try {
      const content = () => store.bodies.read(bodyId, { start: skip, end: size });
      return await courier.deliver(toAttempt(job, content), this.#abort.signal);
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
    const settings = this.#deps.settings.current;
    if (!isUnreachable(outcomes)) {
      destination.noteReached(tookMs);
      if (isOverloaded(outcomes)) destination.noteOverload(settings);
      else destination.noteSuccess(settings);
      return;
    }
    destination.noteUnreachable(outcomes[0]!, { ...this.#deps, settings });
    for (const job of this.#dispatcher.takeWaiting(destination)) {
      this.#track(this.#postpone(job, destination));
    }
  }

  /** Gives a claimed job the result that its dead destination gave to another one. */
  async #postpone(job: Job, destination: Destination): Promise<void> {
    const { random, settings } = this.#deps;
    try {
      const failure = destination.lastFailure;
      if (failure === null) return;
      const outcomes = job.recipients.map(({ address }): Outcome => ({ ...failure, recipient: address }));
      const spread = random.fraction() * settings.current.firstRetryMs * settings.current.jitter;
      const notBefore = destination.blockedUntil + Math.round(spread);
      await this.#conclude(job, outcomes, { counts: false, notBefore });
    } finally {
      this.#claims.release(job);
    }
  }

  /** Reports what has to be reported, then settles: a crash in between reports twice rather than never. */
  async #conclude(
    job: Job,
    outcomes: readonly Outcome[],
    how: { readonly counts: boolean; readonly notBefore: number },
  ): Promise<void> {
    const { clock, random, settings } = this.#deps;
    const judged = judge(job, outcomes, {
      ...how,
      now: clock.now(),
      settings: settings.current,
      fraction: random.fraction(),
    });
    if (how.counts) this.#noteResults(job, judged);
    const updates: readonly RecipientUpdate[] = await this.#reporter.report(job.message, judged);
    await this.#settler.settle(job.message.id, updates);
    for (const { state } of updates) if (state.kind === "waiting") this.#expect(state.nextAttemptAt);
  }

  #noteResults(job: Job, judged: readonly Judged[]): void {
    const { log, metrics } = this.#deps;
    for (const { outcome, verdict, update } of judged) {
      const next = update.state.kind === "waiting"
        ? new Date(update.state.nextAttemptAt).toISOString()
        : null;
      metrics.count("mailden_deliveries_total", { result: outcome.kind });
      log.info("delivery-result", {
        message: job.message.id,
        recipient: formatAddress(outcome.recipient),
        result: outcome.kind,
        verdict,
        host: outcome.host,
        reply: outcome.reply.toString(),
        next,
      });
    }
    const kinds = ["relayed", "deferred", "failed"] as const;
    const result = kinds.find((kind) => judged.some(({ outcome }) => outcome.kind === kind)) ?? "relayed";
    metrics.count("mailden_messages_out_total", { result });
  }

  /** Fetches more in time, so that a destination with a long line never has to wait for the next look at the store. */
  #refillWhenLow(destination: Destination): void {
    const low = Math.floor(this.#dispatcher.fairShare(this.#deps.settings.current) / 2);
    if (this.#feeder.moreDue && destination.waiting.length <= low) this.#sleeper.wake();
  }
}
