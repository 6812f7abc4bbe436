/**
 * Who gets mail here: accounts, their aliases, lists, and the catch-all of each domain of ours. A directory never
 * changes; a reload makes a new one. Everything is worked out when it is made, so a look-up is one step in a table and an
 * alias that goes round in a circle is found at the start and not by the first message.
 */
import type { Address } from "../core/address.ts";
import { toNfc } from "../core/unicode.ts";
import { compileDirectory, localKey } from "./directory_compile.ts";
import type { AccountInfo, DirectorySpec, DirectoryTables, DomainTable, Target } from "./directory_spec.ts";

export {
  type AccountInfo,
  type AccountSpec,
  DirectoryError,
  type DirectorySpec,
  type DomainSpec,
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
  /** Whether the address is the account's own, one of its aliases, or an alias or list that leads to it. */
  maySendAs(account: string, address: Address): boolean;
}

/** Makes a directory. Throws `DirectoryError`. */
export function makeDirectory(spec: DirectorySpec): Directory {
  return new CompiledDirectory(compileDirectory(spec));
}

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
    const target = domain.names.get(key) ?? domain.catchAll ?? (isRole(key) ? domain.lastResort : null);
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

  maySendAs(account: string, address: Address): boolean {
    const info = this.account(account);
    if (info === null) return false;
    const target = this.#domainOf(address)?.names.get(localKey(address.local));
    return target?.accounts.includes(info.name) ?? false;
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

/** RFC 5321 section 4.5.1 and RFC 2142 section 4: every domain takes mail for these names. */
function isRole(key: string): boolean {
  return key === "postmaster" || key === "abuse";
}
