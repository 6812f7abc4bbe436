import { type AclEntry, type AclStore, MOST_ACL_ENTRIES, type SharedMailbox, sortShared } from "../acl.ts";
import { refuseTooManyEntries } from "../errors.ts";
import { accountKey } from "../names.ts";
import { type MemoryMailbox, type MemoryState, showMailbox } from "./state.ts";

export class MemoryAcl implements AclStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async get(mailboxId: number): Promise<AclEntry[]> {
    this.#state.use();
    const mailbox = this.#state.mailboxes.get(mailboxId);
    return mailbox === undefined ? [] : entriesOf(mailbox);
  }

  async set(mailboxId: number, { identifier, rights }: AclEntry): Promise<void> {
    this.#state.change();
    const { acl } = this.#state.requireMailbox(mailboxId);
    const key = accountKey(identifier);
    if (rights === "") {
      acl.delete(key);
      return;
    }
    if (!acl.has(key) && acl.size >= MOST_ACL_ENTRIES) refuseTooManyEntries();
    acl.set(key, rights);
  }

  async sharedWith(account: string, identifiers: readonly string[]): Promise<SharedMailbox[]> {
    this.#state.use();
    const wanted = new Set(identifiers.map(accountKey));
    const shared = [...this.#state.mailboxes.values()]
      .filter((mailbox) => mailbox.account.name !== accountKey(account))
      .map((mailbox) => ({
        mailbox: showMailbox(mailbox),
        entries: entriesOf(mailbox).filter(({ identifier }) => wanted.has(identifier)),
      }))
      .filter(({ entries }) => entries.length > 0);
    return sortShared(shared);
  }
}

function entriesOf(mailbox: MemoryMailbox): AclEntry[] {
  return [...mailbox.acl].map(([identifier, rights]) => ({ identifier, rights }))
    .sort((a, b) => a.identifier < b.identifier ? -1 : 1);
}
