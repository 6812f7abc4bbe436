import type { Clock, Live, Log, Metrics, Random, Submit } from "../core/ports.ts";
import type { QueuedMessage, Store } from "../store/mod.ts";
import { Attempts } from "./attempts.ts";
import { Claims } from "./claims.ts";
import { Conclusion } from "./conclusion.ts";
import type { Courier } from "./courier.ts";
import type { Destination } from "./destination.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Feeder } from "./feeder.ts";
import { DestinationKeys } from "./keys.ts";
import { Postponer } from "./postponer.ts";
import { Reporter } from "./reporter.ts";
import type { QueueSettings } from "./settings.ts";
import { Settler } from "./settler.ts";
import { Sleeper } from "./sleeper.ts";
import { Tasks } from "./tasks.ts";

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
const ABORT_WAIT_MS = 2_000;

/** Looks at the store whenever something may have come due, and between looks sleeps. */
export class Runner implements QueueRunner {
  readonly #deps: QueueRunnerDeps;
  readonly #claims = new Claims();
  readonly #dispatcher = new Dispatcher();
  readonly #tasks: Tasks;
  readonly #attempts: Attempts;
  readonly #feeder: Feeder;
  readonly #reporter: Reporter;
  readonly #sleeper: Sleeper;
  readonly #abort = new AbortController();
  #stopping = false;
  /** When the loop looks at the store again by itself; Infinity while it looks. */
  #sleepsUntil = Infinity;
  #loop: Promise<void> | null = null;
  #unwatch = () => {};

  constructor(deps: QueueRunnerDeps) {
    const { signal } = this.#abort;
    this.#deps = deps;
    this.#sleeper = new Sleeper(deps.clock);
    this.#tasks = new Tasks(deps);
    this.#reporter = new Reporter(deps);
    const settler = new Settler({ ...deps, signal });
    const expect = (at: number) => this.#expect(at);
    const shared = { ...deps, claims: this.#claims, dispatcher: this.#dispatcher, tasks: this.#tasks };
    const conclusion = new Conclusion({ ...deps, reporter: this.#reporter, settler, expect });
    const postponer = new Postponer({ ...shared, settler, conclusion, expect });
    this.#attempts = new Attempts({
      ...shared,
      conclusion,
      postponer,
      onEnd: (destination) => this.#refillWhenLow(destination),
      signal,
    });
    this.#feeder = new Feeder({
      ...shared,
      spool: deps.store.spool,
      keys: new DestinationKeys(deps.courier, deps.clock),
      track: (task) => this.#tasks.track(task),
      onDead: (job, destination) => postponer.postpone([job], destination),
      onReady: () => this.#attempts.begin(),
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

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#attempts.stop();
    this.#unwatch();
    this.#sleeper.wake();
    await this.#loop;
    await this.#tasks.wait(this.#deps.settings.current.stopWaitMs);
    this.#abort.abort();
    await this.#tasks.wait(ABORT_WAIT_MS);
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

  /** Fetches more in time, so that a destination with a long line never has to wait for the next look at the store. */
  #refillWhenLow(destination: Destination): void {
    const low = Math.floor(this.#dispatcher.fairShare(this.#deps.settings.current) / 2);
    if (this.#feeder.moreDue && destination.waiting.length <= low) this.#sleeper.wake();
  }
}
