import type { Usage } from "./quota.ts";

export interface AccountStore {
  /** Makes the account with INBOX, Drafts, Sent, Junk, Trash and Archive (all subscribed) unless it is there. */
  ensure(account: string): Promise<void>;
  list(): Promise<AccountRow[]>;
  /** The stored password hashes (see `credential.ts`); null when the account is missing or has none. */
  credential(account: string): Promise<string | null>;
  /** Sets or, with null, removes the password hash; makes the account if need be. */
  setCredential(account: string, hash: string | null): Promise<void>;
  /** What the account's mailboxes hold; nothing for an account that is not there. */
  usage(account: string): Promise<Usage>;
  /** Removes the account and all its mail, its annotations and scripts, and what others let it do; false when there was none. */
  remove(account: string): Promise<boolean>;
}

export interface AccountRow {
  readonly account: string;
  readonly hasCredential: boolean;
  readonly messages: number;
  readonly bytes: number;
  readonly createdAt: number;
}
