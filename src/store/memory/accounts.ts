import type { AccountRow, AccountStore } from "../mod.ts";
import { accountKey } from "../names.ts";
import type { Usage } from "../quota.ts";
import { type MemoryState, showMailbox, usageOf } from "./state.ts";

export class MemoryAccounts implements AccountStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async ensure(account: string): Promise<void> {
    this.#state.change();
    this.#state.account(accountKey(account));
  }

  async list(): Promise<AccountRow[]> {
    this.#state.use();
    return [...this.#state.accounts.values()].map((account): AccountRow => {
      const mailboxes = [...account.mailboxes.values()].map(showMailbox);
      return {
        account: account.name,
        hasCredential: account.credential !== null,
        messages: mailboxes.reduce((sum, mailbox) => sum + mailbox.messages, 0),
        bytes: mailboxes.reduce((sum, mailbox) => sum + mailbox.bytes, 0),
        createdAt: account.createdAt,
      };
    }).sort((a, b) => a.account < b.account ? -1 : 1);
  }

  async usage(account: string): Promise<Usage> {
    this.#state.use();
    const found = this.#state.accounts.get(accountKey(account));
    return found === undefined ? { bytes: 0, messages: 0 } : usageOf(found);
  }

  async credential(account: string): Promise<string | null> {
    this.#state.use();
    return this.#state.accounts.get(accountKey(account))?.credential ?? null;
  }

  async setCredential(account: string, hash: string | null): Promise<void> {
    this.#state.change();
    this.#state.account(accountKey(account)).credential = hash;
  }

  async remove(account: string): Promise<boolean> {
    this.#state.change();
    const found = this.#state.accounts.get(accountKey(account));
    if (found === undefined) return false;
    this.#state.accounts.delete(found.name);
    for (const mailbox of [...found.mailboxes.values()]) this.#state.dropMailbox(mailbox);
    this.#state.shelf.remove(this.#state.shelf.find(({ account }) => account === found));
    this.#state.annotations.delete(found.name);
    for (const { acl, annotations } of this.#state.mailboxes.values()) {
      for (const identifier of [found.name, `-${found.name}`]) acl.delete(identifier);
      annotations.delete(found.name);
    }
    return true;
  }
}
