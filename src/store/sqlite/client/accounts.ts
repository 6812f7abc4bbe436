import type { AccountRow, AccountStore } from "../../mod.ts";
import { accountKey } from "../../names.ts";
import type { Link } from "./link.ts";

export class SqliteAccounts implements AccountStore {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  ensure(account: string): Promise<void> {
    return this.#link.write("ensureAccount", { account: accountKey(account) });
  }

  async list(): Promise<AccountRow[]> {
    const rows = await this.#link.read("listAccounts", {});
    return rows.sort((a, b) => a.account < b.account ? -1 : 1);
  }

  credential(account: string): Promise<string | null> {
    return this.#link.read("credential", { account: accountKey(account) });
  }

  setCredential(account: string, hash: string | null): Promise<void> {
    return this.#link.write("setCredential", { account: accountKey(account), hash });
  }

  remove(account: string): Promise<boolean> {
    return this.#link.write("removeAccount", { account: accountKey(account) });
  }
}
