import type { QueuedMessage, QueueFilter, RecipientUpdate, SpoolStore } from "../../mod.ts";
import { DEFAULT_PAGE } from "../../spool_page.ts";
import type { Link } from "./link.ts";

export class SqliteSpool implements SpoolStore {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  due(now: number, limit: number): Promise<QueuedMessage[]> {
    return this.#link.read("dueSpool", { now, limit });
  }

  nextDueAt(): Promise<number | null> {
    return this.#link.read("nextDue", {});
  }

  settle(id: string, updates: readonly RecipientUpdate[]): Promise<void> {
    return this.#link.write("settle", { id, updates });
  }

  list(
    filter: QueueFilter = {},
    page: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<QueuedMessage[]> {
    return this.#link.read("listSpool", {
      filter,
      after: page.after ?? "",
      limit: page.limit ?? DEFAULT_PAGE,
    });
  }

  get(id: string): Promise<QueuedMessage | null> {
    return this.#link.read("spoolMessage", { id });
  }

  flush(filter: QueueFilter, now: number): Promise<number> {
    return this.#link.write("flushSpool", { filter, now });
  }

  hold(filter: QueueFilter, held: boolean): Promise<number> {
    return this.#link.write("holdSpool", { filter, held });
  }

  drop(filter: QueueFilter): Promise<number> {
    return this.#link.write("dropSpool", { filter });
  }
}
