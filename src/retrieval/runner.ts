import { ConnectionLostError, DnsError, ProtocolError, TimeoutError } from "../core/errors.ts";
import { LineTooLongError } from "../core/line_reader.ts";
import type { Log } from "../core/ports.ts";
import type { RetrievalDeps } from "./deps.ts";
import { MessageError, RetrievalError } from "./errors.ts";
import { openImap } from "./imap/open.ts";
import { ImapVisit } from "./imap/visit.ts";
import type { Credential } from "./log_in.ts";
import { Marks } from "./marks.ts";
import { openPop3 } from "./pop3/open.ts";
import { Pop3Visit } from "./pop3/visit.ts";
import { Secrets } from "./secrets.ts";
import type { Slots } from "./slots.ts";
import { sourceKey, type SourceSpec } from "./source.ts";
import type { SourceState, SourceStatus } from "./status.ts";
import { StumblingBlocks } from "./stumbling.ts";
import type { Sweep, Visit } from "./visit.ts";

/** RFC 2177: to be on the safe side of the half hour after which a server may log us out. */
const LONGEST_IDLE_MS = 24 * 60_000;
/** Before a connection is made anew that was lost while nothing happened. */
const RECONNECT_MS = 5000;
/** A server that hangs up sooner does not want to be listened to. */
const SHORTEST_IDLE_MS = 60_000;
/** A wait is longer by up to this share, so that not all sources come at once. */
const JITTER = 0.1;
const REFUSED = "refused";

/** The loop of one source: look, wait, look again. It never throws, and ends when it is told to. */
export class SourceRunner {
  readonly spec: SourceSpec;
  readonly #deps: RetrievalDeps;
  readonly #slots: Slots;
  readonly #log: Log;
  readonly #marks: Marks;
  readonly #secrets: Secrets;
  readonly #blocks: StumblingBlocks;
  readonly #stopping = new AbortController();
  /** Ends the wait, or the listening, that is under way. */
  #pause = new AbortController();
  #isForced = false;
  #failures = 0;
  #ended: Promise<void> | null = null;

  #state: SourceState = "waiting";
  #problem: string | null = null;
  #lastSuccessAt: number | null = null;
  #nextAt: number | null = null;
  #totals = { fetched: 0, deleted: 0, left: 0 };

  constructor(spec: SourceSpec, deps: RetrievalDeps, slots: Slots) {
    this.spec = spec;
    this.#deps = deps;
    this.#slots = slots;
    this.#log = deps.log.with({ account: spec.account, source: spec.name });
    this.#secrets = new Secrets(spec, deps);
    this.#blocks = new StumblingBlocks(deps.clock);
    this.#marks = new Marks(sourceKey(spec), {
      facts: deps.facts,
      now: () => deps.clock.now(),
      rememberDays: () => deps.settings.current.rememberDays,
    });
  }

  start(): void {
    this.#ended ??= this.#run().catch((error) => {
      this.#log.error("retrieval-error", { error: String(error) });
    });
  }

  /** Resolves when it has ended; what was begun is broken off, and begun anew next time. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause.abort();
    await this.#ended;
  }

  /** Looks at once, whatever it waits for. */
  wake(): void {
    this.#isForced = true;
    this.#pause.abort();
  }

  get status(): SourceStatus {
    const { account, name, protocol, host, user } = this.spec;
    return {
      account,
      source: name,
      protocol,
      host,
      user,
      state: this.#state,
      lastSuccessAt: this.#lastSuccessAt,
      problem: this.#problem,
      nextAt: this.#nextAt,
      ...this.#totals,
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#wait(await this.#rememberedRefusal());
    while (!signal.aborted) {
      this.#isForced = false;
      let waitMs: number;
      try {
        waitMs = await this.#visit();
      } catch (error) {
        if (signal.aborted) return;
        waitMs = await this.#failed(error);
      }
      await this.#wait(waitMs);
    }
  }

  /** How long a refusal from before the last start still holds, unless what is shown has changed since. */
  async #rememberedRefusal(): Promise<number> {
    const value = await this.#marks.get(REFUSED).catch((error) => {
      this.#log.warn("retrieval-error", { error: String(error) });
      return null;
    });
    if (value === null) return 0;
    const { digest, until, problem } = JSON.parse(value) as Record<"digest" | "problem", string> & {
      until: number;
    };
    const left = until - this.#deps.clock.now();
    if (left <= 0 || digest !== await this.#secrets.digest()) return 0;
    this.#state = "refused";
    this.#problem = problem;
    return left;
  }

  async #wait(ms: number): Promise<void> {
    if (ms <= 0 || this.#isForced || this.#stopping.signal.aborted) return;
    const { clock } = this.#deps;
    this.#pause = new AbortController();
    this.#nextAt = clock.now() + ms;
    await clock.sleep(ms, this.#pause.signal);
    this.#nextAt = null;
  }

  /** One connection, with as many looks as it lasts for; resolves with how long to wait for the next one. */
  async #visit(): Promise<number> {
    const { signal } = this.#stopping;
    const release = await this.#slots.take(signal);
    if (release === null) return 0;
    let visit: Visit | null = null;
    let isListening = false;
    let listensSince = 0;
    const abandon = () => visit?.abandon();
    signal.addEventListener("abort", abandon);
    try {
      this.#state = "fetching";
      visit = await this.#open();
      const sweep = await visit.sweep();
      await this.#succeeded(sweep);
      if (sweep.more) return 0;
      release();
      listensSince = this.#deps.clock.now();
      while (visit.canIdle && !signal.aborted && !this.#isForced) {
        isListening = true;
        await this.#listen(visit);
        isListening = false;
        if (signal.aborted || this.#isForced) return 0;
        await this.#sweepInTurn(visit);
      }
      this.#state = "waiting";
      return visit.canIdle ? 0 : this.#withJitter(this.spec.everyMs);
    } catch (error) {
      if (!isListening || !isOfTheOtherSide(error)) throw error;
      if (this.#isForced) return 0;
      // Nothing was under way: it is the fate of idle connections, if it was not at once.
      if (this.#deps.clock.now() - listensSince < SHORTEST_IDLE_MS) throw error;
      return this.#withJitter(RECONNECT_MS);
    } finally {
      release();
      await visit?.leave();
      signal.removeEventListener("abort", abandon);
    }
  }

  async #open(): Promise<Visit> {
    const { signal } = this.#stopping;
    const credential = await this.#secrets.credential(signal);
    let visit: Visit;
    try {
      visit = await this.#openWith(credential);
    } catch (error) {
      const isStale = credential.kind === "token" && !credential.isFresh;
      if (!isStale || !isRefused(error)) throw error;
      // A token may be taken back before its time: that says nothing of the next one.
      this.#secrets.forgetToken();
      visit = await this.#openWith(await this.#secrets.credential(signal));
    }
    if (signal.aborted) visit.abandon();
    return visit;
  }

  async #openWith(credential: Credential): Promise<Visit> {
    const { spec } = this;
    const options = { spec, credential, deps: this.#deps, signal: this.#stopping.signal };
    const parts = { spec, marks: this.#marks, deps: this.#deps, blocks: this.#blocks };
    return spec.protocol === "pop3"
      ? new Pop3Visit(await openPop3(options), parts)
      : new ImapVisit(await openImap(options), parts);
  }

  async #listen(visit: Visit): Promise<void> {
    this.#state = "listening";
    this.#pause = new AbortController();
    await visit.idle(Math.min(this.spec.everyMs, LONGEST_IDLE_MS), this.#pause.signal);
  }

  /** Up to the end; between two rounds others have their turn. */
  async #sweepInTurn(visit: Visit): Promise<void> {
    for (let isMore = true; isMore;) {
      const release = await this.#slots.take(this.#stopping.signal);
      if (release === null) return;
      try {
        this.#state = "fetching";
        const sweep = await visit.sweep();
        await this.#succeeded(sweep);
        isMore = sweep.more;
      } finally {
        release();
      }
    }
  }

  async #succeeded({ fetched, known, left, deleted, problem }: Sweep): Promise<void> {
    const { metrics, clock } = this.#deps;
    this.#failures = 0;
    if (problem !== null && problem !== this.#problem) this.#log.warn("retrieval-problem", { problem });
    this.#problem = problem;
    this.#lastSuccessAt = clock.now();
    const { fetched: before, deleted: deletedBefore } = this.#totals;
    this.#totals = { fetched: before + fetched, deleted: deletedBefore + deleted, left };
    metrics.count("mailden_retrieval_rounds_total", { result: "ok" });
    metrics.count("mailden_retrieved_messages_total", { protocol: this.spec.protocol }, fetched);
    const isNews = fetched + known + deleted > 0;
    this.#log[isNews ? "info" : "debug"]("retrieval-done", { fetched, known, left, deleted });
    if (await this.#marks.get(REFUSED) !== null) await this.#marks.remove([REFUSED]);
  }

  /** Notes what went wrong; how long to wait. */
  async #failed(error: unknown): Promise<number> {
    const { metrics } = this.#deps;
    if (!isOfTheOtherSide(error)) {
      this.#log.error("retrieval-error", {
        error: error instanceof Error ? error.stack ?? error.message : String(error),
      });
    }
    const kind = error instanceof RetrievalError ? error.kind : "trouble";
    this.#problem = wordsOf(error, this.spec);
    metrics.count("mailden_retrieval_rounds_total", { result: kind });
    const waitMs = kind === "trouble" ? this.#backOff() : this.#deps.settings.current.refusedWaitMs;
    this.#state = kind === "refused" ? "refused" : kind === "secret" ? "no-secret" : "failing";
    if (kind === "refused") await this.#rememberRefusal(waitMs);
    this.#log.warn("retrieval-failed", {
      kind,
      problem: this.#problem,
      next: new Date(this.#deps.clock.now() + waitMs).toISOString(),
    });
    return waitMs;
  }

  /** So that a restart does not try it again: a server that sees a wrong password too often locks the account. */
  async #rememberRefusal(waitMs: number): Promise<void> {
    this.#secrets.forgetToken();
    const value = JSON.stringify({
      digest: await this.#secrets.digest(),
      until: this.#deps.clock.now() + waitMs,
      problem: this.#problem,
    });
    await this.#marks.put(this.#marks.mark(REFUSED, value)).catch((error) => {
      this.#log.warn("retrieval-error", { error: String(error) });
    });
  }

  #backOff(): number {
    const { firstRetryMs, maxRetryMs } = this.#deps.settings.current;
    const ms = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(this.#failures++, 30));
    return this.#withJitter(ms);
  }

  #withJitter(ms: number): number {
    return Math.round(ms * (1 + JITTER * this.#deps.random.fraction()));
  }
}

function isOfTheOtherSide(error: unknown): boolean {
  return [
    RetrievalError,
    MessageError,
    TimeoutError,
    ConnectionLostError,
    DnsError,
    ProtocolError,
    LineTooLongError,
  ].some((kind) => error instanceof kind);
}

function isRefused(error: unknown): boolean {
  return error instanceof RetrievalError && error.kind === "refused";
}

function wordsOf(error: unknown, { host }: SourceSpec): string {
  if (error instanceof RetrievalError) return error.message;
  if (!isOfTheOtherSide(error)) return "Something went wrong here; the log says more";
  return `The connection to ${host} failed: ${(error as Error).message}`;
}
