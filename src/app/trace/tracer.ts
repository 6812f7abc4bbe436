import type { Clock, Live, Log, Metrics } from "../../core/ports.ts";
import type { NewTraceEvent, TraceStore } from "../../store/mod.ts";
import { type LoggedEvent, toTraceEvent } from "./event.ts";
import { tracingLog } from "./log.ts";

export interface TraceSettings {
  /** How long traces are kept; 0: nothing is traced. */
  readonly days: number;
}

export interface TracerOptions {
  readonly store: Pick<TraceStore, "record">;
  readonly clock: Clock;
  /** Where the tracer itself complains; it is not traced. */
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: Live<TraceSettings>;
}

export interface Tracer {
  /** The log for the rooms whose events are to be traced. */
  readonly log: Log;
  /** Resolves when everything noted up to now is in the store (or was given up). */
  flush(): Promise<void>;
  /** Writes what is left, for a bounded time, and notes nothing more. */
  close(): Promise<void>;
}

/** Events in one write: enough to make a write cheap, few enough that the mail in the same commit does not feel it. */
const BATCH_EVENTS = 200;
const BATCH_WEIGHT = 256 * 1024;
/** How long an event may wait for others to share its write. */
const FLUSH_MS = 1000;
/** About the bytes that may wait for a store that is too slow. */
const MAX_WEIGHT = 8 * 1024 * 1024;
const CLOSE_MS = 5000;
const COMPLAINT_MS = 60_000;

export function makeTracer(options: TracerOptions): Tracer {
  const buffer = new TraceBuffer(options);
  const log = tracingLog(options.log, {
    clock: options.clock,
    isOn: () => options.settings.current.days > 0,
    note: (event) => buffer.note(event),
  });
  return { log, flush: () => buffer.flush(), close: () => buffer.close() };
}

interface Waiting {
  readonly event: NewTraceEvent;
  readonly weight: number;
}

/** Collects events and writes them in batches, one at a time, behind the mail. */
class TraceBuffer {
  readonly #options: TracerOptions;
  #waiting: Waiting[] = [];
  #weight = 0;
  /** How many events were taken, and how many of these are out again. */
  #taken = 0;
  #done = 0;
  #dropped = 0;
  #writing: Promise<void> | null = null;
  #running = false;
  #timer: AbortController | null = null;
  #closed = false;
  #nextComplaint = -Infinity;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  note(logged: LoggedEvent): void {
    if (this.#closed) return;
    if (this.#weight > MAX_WEIGHT) return this.#drop(1, "The store does not keep up");
    const event = toTraceEvent(logged);
    const weight = weightOf(event);
    this.#waiting.push({ event, weight });
    this.#weight += weight;
    this.#taken++;
    if (this.#waiting.length >= BATCH_EVENTS) void this.#run();
    else this.#arm();
  }

  async flush(): Promise<void> {
    const until = this.#taken;
    while (this.#done < until) await this.#step();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.abort();
    const timer = new AbortController();
    await Promise.race([this.flush(), this.#options.clock.sleep(CLOSE_MS, timer.signal)]);
    timer.abort();
  }

  /** Writes as long as there are whole batches; the rest may wait for company. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length >= BATCH_EVENTS) await this.#step();
    this.#running = false;
    if (this.#waiting.length > 0) this.#arm();
  }

  #arm(): void {
    if (this.#timer !== null || this.#closed) return;
    const timer = new AbortController();
    this.#timer = timer;
    this.#options.clock.sleep(FLUSH_MS, timer.signal).then(async () => {
      this.#timer = null;
      if (!timer.signal.aborted) await this.flush();
    });
  }

  /** Waits for the write that is under way, or does the next one. */
  #step(): Promise<void> {
    this.#writing ??= this.#write().finally(() => this.#writing = null);
    return this.#writing;
  }

  async #write(): Promise<void> {
    const batch = this.#nextBatch();
    try {
      await this.#options.store.record(batch);
    } catch (error) {
      this.#drop(batch.length, error instanceof Error ? error.message : String(error));
    } finally {
      this.#done += batch.length;
    }
  }

  #nextBatch(): NewTraceEvent[] {
    let count = 0;
    let weight = 0;
    for (const next of this.#waiting) {
      if (count === BATCH_EVENTS || (count > 0 && weight + next.weight > BATCH_WEIGHT)) break;
      weight += next.weight;
      count++;
    }
    this.#weight -= weight;
    return this.#waiting.splice(0, count).map(({ event }) => event);
  }

  #drop(count: number, reason: string): void {
    const { clock, log, metrics } = this.#options;
    this.#dropped += count;
    metrics.count("mailden_trace_dropped_total", {}, count);
    if (clock.now() < this.#nextComplaint) return;
    this.#nextComplaint = clock.now() + COMPLAINT_MS;
    log.warn("trace-dropped", { events: this.#dropped, reason });
  }
}

/** About how many bytes an event takes. */
function weightOf({ fields, keys }: NewTraceEvent): number {
  let weight = 300;
  for (const value of Object.values(fields)) {
    if (typeof value === "string") weight += value.length;
    else if (Array.isArray(value)) weight += value.reduce((sum, item) => sum + item.length + 16, 0);
  }
  return keys.reduce((sum, key) => sum + key.length + 16, weight);
}
