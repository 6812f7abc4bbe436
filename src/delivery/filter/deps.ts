import type { Address } from "../../core/address.ts";
import type { Clock, Live, Log, Random, Submit } from "../../core/ports.ts";
import type { Store } from "../../store/mod.ts";
import type { CompiledSieve } from "../sieve/mod.ts";
import type { FilterSettings } from "./limits.ts";

/** What the filter must know of an account. */
export interface FilterAccount {
  readonly name: string;
  readonly address: Address;
  readonly displayName: string | null;
  readonly quota: number | null;
  readonly quotaMessages?: number | null;
}

export interface FilterAccounts {
  find(name: string): FilterAccount | null;
  /** Whether the address leads to the account: its own, or an alias or list with it. */
  owns(account: string, address: Address): boolean;
  /** What stands between user and detail in the addresses of a domain (RFC 5233); null when they have no details. */
  separatorOf(domain: string): string | null;
}

/** The administrator's scripts, compiled. */
export interface GlobalScripts {
  readonly before: CompiledSieve | null;
  readonly after: CompiledSieve | null;
  /** For `include :global`, by name. */
  readonly named: ReadonlyMap<string, CompiledSieve>;
}

export const NO_GLOBAL_SCRIPTS: GlobalScripts = { before: null, after: null, named: new Map() };

export interface FilterDeps {
  readonly store: Pick<
    Store,
    "scripts" | "facts" | "accounts" | "mailboxes" | "annotations" | "messages" | "bodies"
  >;
  readonly accounts: FilterAccounts;
  readonly global: Live<GlobalScripts>;
  readonly settings: Live<FilterSettings>;
  /** For what is sent: answers, notices. */
  readonly submit: Submit;
  readonly hostname: string;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
