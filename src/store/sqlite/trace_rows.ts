/**
 * How events cross to the writer: some hundred as one JSON text, which SQLite takes apart itself. That is one statement
 * for all of them, where a bound statement for each would cost the writer several times as much.
 */
import type { NewTraceEvent, TraceEvent } from "../mod.ts";

/** An event as the statements of `writer/trace.ts` name its members: by place. */
type PackedEvent = readonly [
  at: number,
  event: string,
  message: string | null,
  session: string | null,
  /** JSON. */
  fields: string,
  keys: readonly string[] | null,
];

export function packTrace(events: readonly NewTraceEvent[]): string {
  return JSON.stringify(events.map(({ at, event, message, session, fields, keys }): PackedEvent => [
    at,
    event,
    message,
    session,
    JSON.stringify(fields),
    keys.length === 0 ? null : [...new Set(keys)],
  ]));
}

/** How many milliseconds of keys lie together. A search looks into each slot, so that there must not be too many. */
export const SLOT_MS = 600_000;

export interface TraceRecord {
  readonly at: number;
  readonly event: string;
  readonly message: string | null;
  readonly session: string | null;
  readonly fields: string;
}

export const TRACE_COLUMNS = "e.at, e.event, e.message, e.session, e.fields";

export function toTraceEvent(record: TraceRecord): TraceEvent {
  const { at, event, message, session, fields } = record;
  return {
    at,
    event,
    message,
    session,
    fields: JSON.parse(fields),
  };
}
