/**
 * Who gets mail here: accounts, their aliases, lists, and the catch-all of each domain of ours. A directory never
 * changes; a reload makes a new one. Everything is worked out when it is made, so a look-up is one step in a table and an
 * alias that goes round in a circle is found at the start and not by the first message.
 */
import type { Address } from "../core/address.ts";
import { toNfc } from "../core/unicode.ts";
import { compileDirectory, localKey, splitDetails, withDetail } from "./directory_compile.ts";
import {
  type AccountInfo,
  DirectoryError,
  type DirectorySpec,
  type DirectoryTables,
  type DomainTable,
  type Target,
} from "./directory_spec.ts";
import { followForwards } from "./follow_forwards.ts";
import { matchesPattern } from "./local_pattern.ts";

export {
  type AccountInfo,
  type AccountSpec,
  type CatchAllSpec,
  DirectoryError,
  type DirectorySpec,
  type DomainSpec,
  type Target,
} from "./directory_spec.ts";

export type Resolution =
  | ({ readonly kind: "found" } & Target)
  | { readonly kind: "unknown-user" }
  | { readonly kind: "not-ours" };

export interface Directory {
  ownsDomain(domain: string): boolean;
  resolve(address: Address): Resolution;
  /** Whether the address itself is an account or an alias, rather than a catch-all's. */
  hasName(address: Address): boolean;
  /** By login name, in any case; null when there is none. */
  account(name: string): AccountInfo | null;
  accounts(): readonly AccountInfo[];
  /** Whether mail can come to the account by more addresses than its own. */
  hasManyNames(account: string): boolean;
  /** Whether the address is the account's own, one of its aliases, or an alias or list that leads to it. */
  maySendAs(account: string, address: Address): boolean;
  /** What stands between user and detail in the domain's addresses; null for nothing, the usual one for domains of others. */
  separatorOf(domain: string): string | null;
}

/** Makes a directory. Throws `DirectoryError`. */
export function makeDirectory(spec: DirectorySpec): Directory {
  const directory = new CompiledDirectory(compileDirectory(spec));
  for (const { name, forward } of directory.accounts()) {
    if (forward === undefined) continue;
    const ends = followForwards({ accounts: [name], remote: [] }, { directory });
    if (ends.accounts.length > 0 || ends.remote.length > 0) continue;
    throw new DirectoryError(
      `forward of ${name} goes round in a circle, so that its mail would be nowhere; keep a copy or take a target out`,
    );
  }
  return directory;
}

const USUAL_SEPARATOR = "+";

class CompiledDirectory implements Directory {
  readonly #tables: DirectoryTables;

  constructor(tables: DirectoryTables) {
    this.#tables = tables;
  }

  ownsDomain(domain: string): boolean {
    return this.#tables.domains.has(domain.toLowerCase());
  }

  resolve(address: Address): Resolution {
    const domain = this.#domainOf(address);
    if (domain === null) return { kind: "not-ours" };
    const key = localKey(address.local);
    const target = named(domain, address.local) ?? caught(domain, key) ??
      (isRole(key) ? domain.lastResort : null);
    return target === null ? { kind: "unknown-user" } : { kind: "found", ...target };
  }

  hasName(address: Address): boolean {
    return this.#domainOf(address)?.names.has(localKey(address.local)) ?? false;
  }

  account(name: string): AccountInfo | null {
    return this.#tables.accounts.get(toNfc(name).toLowerCase()) ?? null;
  }

  accounts(): readonly AccountInfo[] {
    return [...this.#tables.accounts.values()];
  }

  hasManyNames(account: string): boolean {
    return this.#tables.manyNames.has(account);
  }

  maySendAs(account: string, address: Address): boolean {
    const info = this.account(account);
    if (info === null) return false;
    const domain = this.#domainOf(address);
    const target = domain === null ? null : named(domain, address.local);
    return target?.accounts.includes(info.name) ?? false;
  }

  separatorOf(domain: string): string | null {
    const own = this.#tables.domains.get(domain.toLowerCase());
    return own === undefined ? USUAL_SEPARATOR : own.plusSeparator;
  }

  #domainOf(address: Address): DomainTable | null {
    const { domains } = this.#tables;
    // RFC 5321 section 4.5.1: "Postmaster" without a domain is an address too.
    if (address.domain === "" && localKey(address.local) === "postmaster") {
      return domains.values().next().value ?? null;
    }
    return domains.get(address.domain.toLowerCase()) ?? null;
  }
}

/** The name itself, else the name before a detail (RFC 5233): a name that was given out with a `+` in it stays what it is. */
function named({ names, plusSeparator }: DomainTable, local: string): Target | null {
  const exact = names.get(localKey(local));
  if (exact !== undefined) return exact;
  for (const { base, detail } of splitDetails(local, plusSeparator)) {
    const target = names.get(localKey(base));
    if (target !== undefined) return withDetail(target, detail);
  }
  return null;
}

function caught({ catchAll, catchAllExcept }: DomainTable, key: string): Target | null {
  return catchAllExcept.some((pattern) => matchesPattern(pattern, key)) ? null : catchAll;
}

/** RFC 5321 section 4.5.1 and RFC 2142 section 4: every domain takes mail for these names. */
function isRole(key: string): boolean {
  return key === "postmaster" || key === "abuse";
}
