import type { Postponement, QueuedMessage, QueueFilter, RecipientUpdate, SpoolStore } from "../../mod.ts";
import { DEFAULT_PAGE } from "../../spool_page.ts";
import type { SpoolPlace } from "../protocol.ts";
import type { FreshBodies } from "./fresh.ts";
import type { Link } from "./link.ts";

export class SqliteSpool implements SpoolStore {
  readonly #link: Link;
  readonly #fresh: FreshBodies;

  constructor(link: Link, fresh: FreshBodies) {
    this.#link = link;
    this.#fresh = fresh;
  }

  due(now: number, limit: number): Promise<QueuedMessage[]> {
    return this.#link.read("dueSpool", { now, limit });
  }

  nextDueAt(): Promise<number | null> {
    return this.#link.read("nextDue", {});
  }

  settle(id: string, updates: readonly RecipientUpdate[]): Promise<void> {
    this.#fresh.forget(id);
    return this.#link.write("settle", { id, updates });
  }

  async postpone(what: Postponement): Promise<number> {
    let count = 0;
    for (let after: SpoolPlace | null = null;;) {
      const slice: { count: number; next: SpoolPlace | null } = await this.#link.write("postponeSpool", {
        what,
        after,
      });
      count += slice.count;
      if (slice.next === null) return count;
      after = slice.next;
    }
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
    this.#fresh.clear();
    return this.#link.write("dropSpool", { filter });
  }
}
