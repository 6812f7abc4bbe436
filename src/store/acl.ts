/** Who else may do what with a mailbox (RFC 4314). The owner's rights are not kept here: they are always all. */
import type { Mailbox } from "./mod.ts";
import { compareNames } from "./names.ts";

/** Nobody shares with so many. */
export const MOST_ACL_ENTRIES = 1000;

export interface AclEntry {
  /** An account, in lower case, or `anyone`; with `-` in front the rights are taken away. */
  readonly identifier: string;
  /** Letters of RFC 4314 section 2.1, each once, in the order of `RIGHTS`. */
  readonly rights: string;
}

export interface SharedMailbox {
  readonly mailbox: Mailbox;
  readonly entries: readonly AclEntry[];
}

export interface AclStore {
  /** In the order of the identifiers. */
  get(mailboxId: number): Promise<AclEntry[]>;
  /**
   * Replaces what the identifier has; empty rights remove the entry. Throws `NoSuchMailbox`, and past `MOST_ACL_ENTRIES` a
   * `Refusal` 552 5.2.0.
   */
  set(mailboxId: number, entry: AclEntry): Promise<void>;
  /** The mailboxes of others with an entry for one of these identifiers, and those entries, in the order of owner and name. */
  sharedWith(account: string, identifiers: readonly string[]): Promise<SharedMailbox[]>;
}

/** In the order that `sharedWith` promises. */
export function sortShared(shared: SharedMailbox[]): SharedMailbox[] {
  return shared.sort(({ mailbox: a }, { mailbox: b }) =>
    a.account === b.account ? compareNames(a.name, b.name) : a.account < b.account ? -1 : 1
  );
}
