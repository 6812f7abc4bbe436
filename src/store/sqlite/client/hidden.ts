import {
  type HiddenFilter,
  type HiddenMessage,
  type HiddenStore,
  type Restored,
  sumRestored,
} from "../../hidden.ts";
import { accountKey, normalizeName } from "../../names.ts";
import type { Link } from "./link.ts";

const PAGE = 100;

export class SqliteHidden implements HiddenStore {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  list(
    account: string,
    filter: HiddenFilter = {},
    { after = 0, limit = PAGE }: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<HiddenMessage[]> {
    return this.#link.task(async () => {
      await this.#emptyRemoved();
      return await this.#link.readers.do("listHidden", { ...asked(account, filter), after, limit });
    });
  }

  restore(account: string, filter: HiddenFilter = {}): Promise<Restored[]> {
    return this.#link.task(async () => {
      await this.#emptyRemoved();
      const restored: Restored[] = [];
      for (let after: number | null = 0; after !== null;) {
        const slice: { readonly next: number | null; readonly restored: readonly Restored[] } = await this
          .#link
          .writer.doSlice("restoreHidden", { ...asked(account, filter), after });
        restored.push(...slice.restored);
        after = slice.next;
      }
      return sumRestored(restored);
    });
  }

  /** What lay in a removed mailbox is hidden by the sweeper, which may not have come to it yet. */
  async #emptyRemoved(): Promise<void> {
    while (await this.#link.writer.doSlice("emptyRemoved", {}));
  }
}

function asked(account: string, { since = 0, mailbox }: HiddenFilter) {
  return {
    account: accountKey(account),
    since,
    mailbox: mailbox === undefined ? null : normalizeName(mailbox),
  };
}
