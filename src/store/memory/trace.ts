import type { NewTraceEvent, TraceEvent, TracePage, TraceStore } from "../mod.ts";
import { DEFAULT_FINDS, tracePage } from "../trace_page.ts";
import type { MemoryState } from "./state.ts";

export class MemoryTrace implements TraceStore {
  readonly #state: MemoryState;
  /** In the order of time; of the same time, as they came. */
  #events: NewTraceEvent[] = [];

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async record(events: readonly NewTraceEvent[]): Promise<void> {
    this.#state.change();
    const kept = events.map((event) => ({ ...structuredClone(event), keys: [...new Set(event.keys)] }));
    this.#events = [...this.#events, ...kept].sort((a, b) => a.at - b.at);
  }

  ofMessage(id: string, page?: TracePage): Promise<TraceEvent[]> {
    return this.#page((event) => event.message === id, page);
  }

  ofSession(id: string, page?: TracePage): Promise<TraceEvent[]> {
    return this.#page((event) => event.session === id && event.message === null, page);
  }

  async find(
    key: string,
    options: { readonly since?: number; readonly until?: number; readonly limit?: number } = {},
  ): Promise<TraceEvent[]> {
    this.#state.use();
    const { since = -Infinity, until = Infinity, limit = DEFAULT_FINDS } = options;
    return this.#events
      .filter(({ at, keys }) => at >= since && at < until && keys.includes(key))
      .reverse()
      .slice(0, limit)
      .map(withoutKeys);
  }

  async purge(before: number, limit: number): Promise<number> {
    this.#state.change();
    const old = this.#events.filter(({ at }) => at < before).length;
    const count = Math.min(old, limit);
    this.#events = this.#events.slice(count);
    return count;
  }

  async #page(belongs: (event: TraceEvent) => boolean, page: TracePage | undefined): Promise<TraceEvent[]> {
    this.#state.use();
    const { offset, limit } = tracePage(page);
    return this.#events.filter(belongs).slice(offset, offset + limit).map(withoutKeys);
  }
}

function withoutKeys({ keys: _, ...event }: NewTraceEvent): TraceEvent {
  return event;
}
