import type { Address } from "../core/address.ts";

/** What the configuration says about our domains. */
export interface DirectorySpec {
  readonly domains: Readonly<Record<string, DomainSpec>>;
}

export interface DomainSpec {
  readonly accounts: Readonly<Record<string, AccountSpec>>;
  /** Each name with its targets: a local name of this domain, or a whole address, ours or not. */
  readonly aliases?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Who gets what is addressed to no other name of the domain; a target as in `aliases`. */
  readonly catchAll?: string | null | undefined;
}

export interface AccountSpec {
  readonly name?: string | undefined;
  /** Bytes; null is without limit. */
  readonly quota?: number | null | undefined;
  /** In place of the settings for all (`SubmissionSettings`); null is without limit. */
  readonly recipientsPerDay?: number | null | undefined;
  readonly newRecipientsPerDay?: number | null | undefined;
  /** Further names of this account: local names, or addresses in any domain of ours. */
  readonly aliases?: readonly string[] | undefined;
}

export interface AccountInfo {
  /** The login name and main address, as `alice@example.com`. */
  readonly name: string;
  readonly address: Address;
  /** The person's name; null when the configuration gives none. */
  readonly displayName: string | null;
  /** Bytes; null is without limit. */
  readonly quota: number | null;
  /** What the configuration says for this account alone. */
  readonly recipientsPerDay?: number | null;
  readonly newRecipientsPerDay?: number | null;
}

/** The configuration of the domains contradicts itself; `message` says where and what to do. */
export class DirectoryError extends Error {
  override readonly name = "DirectoryError";
}

/** Where a name leads in the end: accounts by name and outside addresses, each once. */
export interface Target {
  readonly accounts: readonly string[];
  readonly remote: readonly Address[];
}

/** What a directory is compiled to. */
export interface DirectoryTables {
  readonly accounts: ReadonlyMap<string, AccountInfo>;
  readonly domains: ReadonlyMap<string, DomainTable>;
}

export interface DomainTable {
  /** By `localKey`. */
  readonly names: ReadonlyMap<string, Target>;
  readonly catchAll: Target | null;
  /** For postmaster@ and abuse@ when neither a name nor a catch-all is there. */
  readonly lastResort: Target | null;
}
