/** The ports of what is known beside the mail: the trace of every message, and facts that hold until some time. */
import type { LogFields } from "../core/ports.ts";

/** One line of a message's life, as it stood in the log. */
export interface TraceEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  /** `SubmitContext.id`; null for what happened before there was a message (a refused recipient). */
  readonly message: string | null;
  readonly session: string | null;
  readonly fields: LogFields;
}

export interface NewTraceEvent extends TraceEvent {
  /** The addresses and Message-IDs under which it can be found; lower case. */
  readonly keys: readonly string[];
}

export interface TracePage {
  /** How many events are passed over. */
  readonly offset?: number;
  /** 1,000 unless said otherwise. */
  readonly limit?: number;
}

/** What became of every message, for as long as `trace_days` says. Written in the background: it never delays mail. */
export interface TraceStore {
  /** Rides with the commits of the mail, behind it. Hand over some hundred at a time, and the next ones when these are done. */
  record(events: readonly NewTraceEvent[]): Promise<void>;
  /** In the order of time. */
  ofMessage(id: string, page?: TracePage): Promise<TraceEvent[]>;
  /** What belongs to a session and to no message, in the order of time. */
  ofSession(id: string, page?: TracePage): Promise<TraceEvent[]>;
  /** The newest first, from `since` on and before `until`. */
  find(
    key: string,
    options?: { readonly since?: number; readonly until?: number; readonly limit?: number },
  ): Promise<TraceEvent[]>;
  /** Forgets what is older, a bounded number at a time; how many went. */
  purge(before: number, limit: number): Promise<number>;
}

/** One small thing that is known until some time: a cached policy, a counter of the day, a TLS level that was seen. */
export interface Fact {
  readonly key: string;
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A fact with the name space it lies in. */
export interface SpacedFact extends Fact {
  readonly space: string;
}

/** Facts by name space (`mta-sts`, `tls-level`, `sent-today` ...). What has expired is not there. */
export interface FactStore {
  get(space: string, key: string): Promise<Fact | null>;
  put(space: string, fact: Fact): Promise<void>;
  /** Adds to a counter, which begins at 0 when it is missing or expired and then gets `expiresAt`; the new value. */
  add(
    space: string,
    counter: { readonly key: string; readonly by: number; readonly expiresAt: number },
  ): Promise<number>;
  remove(space: string, key: string): Promise<void>;
  /** In the order of the keys. */
  list(space: string, page?: { readonly after?: string; readonly limit?: number }): Promise<Fact[]>;
}
