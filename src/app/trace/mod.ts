/**
 * The trace: what became of every message, in plain language. `log.ts` stands between the rooms and the log and copies
 * the events of a message into the store; `life.ts` and `words.ts` read them back for `mailden trace` and `mailden queue show`.
 *
 * Invariants: an event is traced whatever the log's level; tracing never waits, never throws and never delays mail: what the
 * store does not take in time is dropped and counted. What the log may not hold (secrets, bodies) is not in the trace either.
 *
 * @module
 */
export { makeTracer, type Tracer, type TracerOptions, type TraceSettings } from "./tracer.ts";
