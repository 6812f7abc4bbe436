import type { Address } from "../core/address.ts";

/** What the configuration says about our domains. */
export interface DirectorySpec {
  readonly domains: Readonly<Record<string, DomainSpec>>;
  /** What stands between a name and a detail (RFC 5233), as the `+` in `alice+work`; null, or missing, for none. */
  readonly plusSeparator?: string | null | undefined;
}

export interface DomainSpec {
  readonly accounts: Readonly<Record<string, AccountSpec>>;
  /** Each name with its targets: a local name of this domain, or a whole address, ours or not. */
  readonly aliases?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Who gets what is addressed to no other name of the domain; a target as in `aliases`. */
  readonly catchAll?: string | CatchAllSpec | null | undefined;
  /** Another domain of ours, all of whose names are this one's too; then it has none of its own. */
  readonly sameAs?: string | null | undefined;
  /** In place of the one for all domains. */
  readonly plusSeparator?: string | null | undefined;
}

export interface CatchAllSpec {
  readonly to: string | readonly string[];
  /** Local parts that it does not take; `*` stands for any characters. */
  readonly except: readonly string[];
}

export interface AccountSpec {
  readonly name?: string | undefined;
  /** Bytes; null is without limit. */
  readonly quota?: number | null | undefined;
  /** Messages; null is without limit. */
  readonly quotaMessages?: number | null | undefined;
  /** In place of the settings for all (`SubmissionSettings`); null is without limit. */
  readonly recipientsPerDay?: number | null | undefined;
  readonly newRecipientsPerDay?: number | null | undefined;
  /** Further names of this account: local names, or addresses in any domain of ours. */
  readonly aliases?: readonly string[] | undefined;
  /** Targets as in an alias, to which all its mail goes on. */
  readonly forward?: readonly string[] | undefined;
  /** What is forwarded also goes into the account's own mailbox. */
  readonly keepCopy?: boolean | undefined;
}

export interface AccountInfo {
  /** The login name and main address, as `alice@example.com`. */
  readonly name: string;
  readonly address: Address;
  /** The person's name; null when the configuration gives none. */
  readonly displayName: string | null;
  /** Bytes; null is without limit. */
  readonly quota: number | null;
  /** Messages; null, or missing, is without limit. */
  readonly quotaMessages?: number | null;
  /** What the configuration says for this account alone. */
  readonly recipientsPerDay?: number | null;
  readonly newRecipientsPerDay?: number | null;
  /** Missing when nothing is forwarded. */
  readonly forward?: Forward;
}

export interface Forward {
  readonly to: readonly Address[];
  readonly keepCopy: boolean;
}

/** The configuration of the domains contradicts itself; `message` says where and what to do. */
export class DirectoryError extends Error {
  override readonly name = "DirectoryError";
}

/** Where a name leads in the end: accounts by name and outside addresses, each once. */
export interface Target {
  readonly accounts: readonly string[];
  readonly remote: readonly Address[];
  /** By account, the detail under which it is reached (RFC 5233); missing for none. */
  readonly details?: ReadonlyMap<string, string>;
}

/** What a directory is compiled to. */
export interface DirectoryTables {
  readonly accounts: ReadonlyMap<string, AccountInfo>;
  readonly domains: ReadonlyMap<string, DomainTable>;
  /** Accounts that mail can come to by more addresses than their own. */
  readonly manyNames: ReadonlySet<string>;
}

export interface DomainTable {
  /** The domain itself, or the one whose names it shares. */
  readonly name: string;
  readonly plusSeparator: string | null;
  /** By `localKey`. */
  readonly names: ReadonlyMap<string, Target>;
  readonly catchAll: Target | null;
  /** Local parts that the catch-all does not take. */
  readonly catchAllExcept: readonly string[];
  /** For postmaster@ and abuse@ when neither a name nor a catch-all is there. */
  readonly lastResort: Target | null;
}
