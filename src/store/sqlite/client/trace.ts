import type { NewTraceEvent, TraceEvent, TracePage, TraceStore } from "../../mod.ts";
import { DEFAULT_FINDS, tracePage } from "../../trace_page.ts";
import { packTrace } from "../trace_rows.ts";
import type { Link } from "./link.ts";

export class SqliteTrace implements TraceStore {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  async record(events: readonly NewTraceEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#link.task(() =>
      this.#link.writer.doInBackground("recordTrace", { events: packTrace(events) })
    );
  }

  ofMessage(id: string, page?: TracePage): Promise<TraceEvent[]> {
    return this.#link.read("traceOf", { by: "message", id, ...tracePage(page) });
  }

  ofSession(id: string, page?: TracePage): Promise<TraceEvent[]> {
    return this.#link.read("traceOf", { by: "session", id, ...tracePage(page) });
  }

  find(
    key: string,
    options: { readonly since?: number; readonly until?: number; readonly limit?: number } = {},
  ): Promise<TraceEvent[]> {
    const { since = 0, until = Number.MAX_SAFE_INTEGER, limit = DEFAULT_FINDS } = options;
    return this.#link.read("findTrace", { key, since, until, limit });
  }

  purge(before: number, limit: number): Promise<number> {
    return this.#link.write("purgeTrace", { before, limit });
  }
}
