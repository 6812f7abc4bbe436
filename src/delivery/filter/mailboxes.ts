import type { Store } from "../../store/mod.ts";
import { roleOf, SeenMailboxes, sightOf, type SightStore } from "./sight.ts";

/** An account's mailboxes, to which some may be added. */
export class AccountMailboxes extends SeenMailboxes {
  readonly #mailboxes: Store["mailboxes"];
  readonly #account: string;

  constructor(store: SightStore, account: string) {
    super(sightOf(store, account));
    this.#mailboxes = store.mailboxes;
    this.#account = account;
  }

  /** Makes a mailbox, with a use if that is one that mailboxes can have. */
  async createFor(use: string, name: string): Promise<void> {
    const role = roleOf(use);
    // Without a use the name decides, as it does for IMAP.
    await this.#mailboxes.create(this.#account, name, ...(role === null ? [] : [role]));
    this.forget();
  }
}
