/** Gathers what is known of a message, page by page, from a running server or from the store. */
import type { QueuedMessage, TraceEvent } from "../../store/mod.ts";
import type { ControlHandlers } from "../running.ts";
import { MAX_TRACE_PAGE } from "../control/mod.ts";
import { isEntry } from "./event.ts";

export type TraceSource = Pick<
  ControlHandlers,
  "traceOfMessage" | "traceOfSession" | "traceFind" | "queueShow"
>;

export interface Life {
  readonly id: string;
  /** In the order of time, from the connection that brought it. */
  readonly events: readonly TraceEvent[];
  /** What is still in the queue; null when nothing is. */
  readonly queued: QueuedMessage | null;
  /** There are more events than anyone reads. */
  readonly isCut: boolean;
}

/** What a search by address or Message-ID found: a message, or a refusal that came before there was one. */
export interface Find {
  readonly at: number;
  readonly message: string | null;
  /** The newest of its events under this key. */
  readonly event: TraceEvent;
}

const MAX_EVENTS = 5000;
/** The events of a session that tell who brought the message. */
const ARRIVAL: ReadonlySet<string> = new Set(["session-begin", "tls-begin", "auth-ok"]);

/** Everything about a message; null when nothing is known of it. */
export async function readLife(source: TraceSource, id: string): Promise<Life | null> {
  const events: TraceEvent[] = [];
  let isCut = false;
  for (;;) {
    const page = await source.traceOfMessage(id, { offset: events.length, limit: MAX_TRACE_PAGE });
    events.push(...page);
    if (page.length < MAX_TRACE_PAGE) break;
    isCut = events.length >= MAX_EVENTS;
    if (isCut) break;
  }
  const queued = await source.queueShow(id);
  if (events.length === 0 && queued === null) return null;
  return { id, events: [...await arrivalOf(source, events), ...events], queued, isCut };
}

/** Who connected, TLS, log-in: the beginning of the session that brought the message. */
async function arrivalOf(source: TraceSource, events: readonly TraceEvent[]): Promise<TraceEvent[]> {
  const entry = events.find(({ event }) => isEntry(event));
  if (entry === undefined || entry.session === null) return [];
  const session = await source.traceOfSession(entry.session, { limit: MAX_TRACE_PAGE });
  return session.filter(({ event, at }) => at <= entry.at && ARRIVAL.has(event));
}

export interface Search {
  /** Lower case. */
  readonly key: string;
  readonly since: number;
  /** Of messages. */
  readonly limit: number;
}

/** The newest messages, and refusals, that have something to do with an address or a Message-ID. */
export async function findMessages(source: TraceSource, { key, since, limit }: Search): Promise<Find[]> {
  const found: Find[] = [];
  const seen = new Set<string>();
  let until = Number.MAX_SAFE_INTEGER;
  while (found.length < limit) {
    const page = await source.traceFind(key, { since, until, limit: MAX_TRACE_PAGE });
    for (const event of page) {
      const mark = event.message ?? `${event.session} ${event.at} ${event.event}`;
      if (seen.has(mark) || found.length === limit) continue;
      seen.add(mark);
      found.push({ at: event.at, message: event.message, event });
    }
    const oldest = page.at(-1)?.at;
    if (page.length < MAX_TRACE_PAGE || oldest === undefined) break;
    // The next page begins within the same millisecond, unless that alone fills a page.
    until = oldest + 1 < until ? oldest + 1 : oldest;
  }
  return found;
}
