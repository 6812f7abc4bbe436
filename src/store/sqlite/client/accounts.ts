import type { AccountRow, AccountStore } from "../../mod.ts";
import type { Usage } from "../../quota.ts";
import { accountKey } from "../../names.ts";
import type { Link } from "./link.ts";

export class SqliteAccounts implements AccountStore {
  readonly #link: Link;
  readonly #onRemoved: (account: string) => void;

  constructor(link: Link, onRemoved: (account: string) => void) {
    this.#link = link;
    this.#onRemoved = onRemoved;
  }

  ensure(account: string): Promise<void> {
    return this.#link.write("ensureAccount", { account: accountKey(account) });
  }

  async list(): Promise<AccountRow[]> {
    const rows = await this.#link.read("listAccounts", {});
    return rows.sort((a, b) => a.account < b.account ? -1 : 1);
  }

  usage(account: string): Promise<Usage> {
    return this.#link.read("usage", { account: accountKey(account) });
  }

  credential(account: string): Promise<string | null> {
    return this.#link.read("credential", { account: accountKey(account) });
  }

  setCredential(account: string, hash: string | null): Promise<void> {
    return this.#link.write("setCredential", { account: accountKey(account), hash });
  }

  async remove(account: string): Promise<boolean> {
    const removed = await this.#link.write("removeAccount", { account: accountKey(account) });
    this.#onRemoved(account);
    return removed;
  }
}
