/**
 * What the rooms are given from outside (core/ports.ts), in forms that a test controls: clocks that do not run by
 * themselves, chance that repeats, and logs and metrics that are silent or can be looked at.
 */
import type { Clock, Labels, Live, Log, LogFields, Metrics, Random } from "../../src/core/ports.ts";

/** 2026-01-02 03:04:05 UTC. */
export const TEST_NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Stands still; `sleep` ends at once, moves the time on and is noted in `slept`. */
export class FixedClock implements Clock {
  #now: number;
  readonly slept: number[] = [];

  constructor(now: number = TEST_NOW) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  set(now: number): void {
    this.#now = now;
  }

  sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.#now += ms;
    return Promise.resolve();
  }
}

/** Stands still until `advance`, which wakes the sleepers whose time has come, in order. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  constructor(now: number = TEST_NOW) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  get sleepers(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      }, { once: true });
    });
  }

  /** Moves the time on; resolves after what the woken sleepers do next has had a turn of the event loop. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.until <= this.#now);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.until > this.#now);
    due.sort((a, b) => a.until - b.until).forEach((sleeper) => sleeper.wake());
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 255),
    fraction: () => next() / 4294967296,
  };
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLog,
};

export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps every line; the logs made by `with` write into the same list. */
export class RecordingLog implements Log {
  readonly entries: LogEntry[];
  readonly #fields: LogFields;

  constructor(entries: LogEntry[] = [], fields: LogFields = {}) {
    this.entries = entries;
    this.#fields = fields;
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#add("debug", event, fields);
  }
  info(event: string, fields: LogFields = {}): void {
    this.#add("info", event, fields);
  }
  warn(event: string, fields: LogFields = {}): void {
    this.#add("warn", event, fields);
  }
  error(event: string, fields: LogFields = {}): void {
    this.#add("error", event, fields);
  }
  with(fields: LogFields): Log {
    return new RecordingLog(this.entries, { ...this.#fields, ...fields });
  }

  /** The entries of one event, in order. */
  of(event: string): LogEntry[] {
    return this.entries.filter((entry) => entry.event === event);
  }

  #add(level: LogEntry["level"], event: string, fields: LogFields): void {
    this.entries.push({ level, event, fields: { ...this.#fields, ...fields } });
  }
}

export const silentMetrics: Metrics = { count: () => {}, gauge: () => {}, observe: () => {} };

/** Keeps sums of counters, last values of gauges and all observations; the key is `name{label=value,...}`. */
export class RecordingMetrics implements Metrics {
  readonly counters = new Map<string, number>();
  readonly gauges = new Map<string, number>();
  readonly observations = new Map<string, number[]>();

  count(name: string, labels: Labels = {}, by = 1): void {
    const key = metricKey(name, labels);
    this.counters.set(key, (this.counters.get(key) ?? 0) + by);
  }
  gauge(name: string, value: number, labels: Labels = {}): void {
    this.gauges.set(metricKey(name, labels), value);
  }
  observe(name: string, seconds: number, labels: Labels = {}): void {
    const key = metricKey(name, labels);
    this.observations.set(key, [...this.observations.get(key) ?? [], seconds]);
  }
}

function metricKey(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`).sort();
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

/** A setting that no reload changes. */
export function live<T>(current: T): Live<T> {
  return { current };
}
