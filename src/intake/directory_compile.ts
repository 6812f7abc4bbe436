import { type Address, addressKey } from "../core/address.ts";
import { normalizeDomain } from "../core/domain.ts";
import {
  type AccountInfo,
  type AccountSpec,
  DirectoryError,
  type DirectorySpec,
  type DirectoryTables,
  type DomainSpec,
  type DomainTable,
  type Target,
} from "./directory_spec.ts";

/** A name as it stands in the specification, before aliases are followed. */
type Entry =
  | { readonly kind: "account"; readonly account: string }
  | { readonly kind: "alias"; readonly targets: readonly Address[] };

/** Plain local parts only: what needs quoting does not belong into a configuration. */
const LOCAL = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\u0080-\uffff]{1,64}$/;

/** Our local parts are compared without case, as everybody expects (RFC 5321 section 2.4 leaves it to us). */
export function localKey(local: string): string {
  return local.normalize("NFC").toLowerCase();
}

/** Checks a specification and follows all its aliases to their ends. */
export function compileDirectory(spec: DirectorySpec): DirectoryTables {
  const builder = new Builder();
  const domains = Object.entries(spec.domains).map(([name, domain]) => ({
    name: builder.addDomain(name),
    domain,
  }));
  for (const { name, domain } of domains) builder.addAccounts(name, domain);
  for (const { name, domain } of domains) builder.addAliases(name, domain);
  return builder.finish(domains);
}

class Builder {
  readonly #accounts = new Map<string, AccountInfo>();
  readonly #domains = new Set<string>();
  /** By `addressKey` of the normalized address. */
  readonly #entries = new Map<string, Entry>();
  readonly #resolved = new Map<string, Target>();

  addDomain(text: string): string {
    const domain = normalizeDomain(text);
    if (domain === null) {
      throw new DirectoryError(`Domain "${text}" is not a domain name; write it as in example.com`);
    }
    if (this.#domains.has(domain)) {
      throw new DirectoryError(`Domain ${domain} is there twice; put all its accounts under one`);
    }
    this.#domains.add(domain);
    return domain;
  }

  addAccounts(domain: string, spec: DomainSpec): void {
    for (const [text, account] of Object.entries(spec.accounts)) {
      const address = { local: localKey(checkLocal(text, `Account of ${domain}`)), domain };
      const name = addressKey(address);
      this.#define(address, { kind: "account", account: name });
      this.#accounts.set(name, {
        name,
        address,
        displayName: account.name ?? null,
        quota: account.quota ?? null,
        ...capsOf(account),
      });
    }
  }

  addAliases(domain: string, spec: DomainSpec): void {
    for (const [text, account] of Object.entries(spec.accounts)) {
      const name = addressKey({ local: localKey(text), domain });
      for (const alias of account.aliases ?? []) {
        const address = this.#parse(alias, domain, `Alias of account ${name}`);
        if (!this.#domains.has(address.domain)) {
          throw new DirectoryError(
            `Alias "${alias}" of account ${name} is in a domain that is not ours; add the domain or remove the alias`,
          );
        }
        this.#define(address, { kind: "account", account: name });
      }
    }
    for (const [text, targets] of Object.entries(spec.aliases ?? {})) {
      const address = { local: localKey(checkLocal(text, `Alias of ${domain}`)), domain };
      const where = `Alias ${addressKey(address)}`;
      if (targets.length === 0) {
        throw new DirectoryError(`${where} leads nowhere; give it a target or remove it`);
      }
      this.#define(address, {
        kind: "alias",
        targets: targets.map((target) =>
          this.#parse(target, domain, `Target of alias ${addressKey(address)}`)
        ),
      });
    }
  }

  finish(domains: readonly { readonly name: string; readonly domain: DomainSpec }[]): DirectoryTables {
    const names = new Map<string, Map<string, Target>>(domains.map(({ name }) => [name, new Map()]));
    for (const key of this.#entries.keys()) {
      const at = key.lastIndexOf("@");
      names.get(key.slice(at + 1))!.set(key.slice(0, at), this.#follow(key, []));
    }
    const tables = domains.map(({ name, domain }): [string, DomainTable] => [name, {
      names: names.get(name)!,
      catchAll: this.#catchAll(name, domain),
      lastResort: this.#lastResort(name),
    }]);
    return { accounts: this.#accounts, domains: new Map(tables) };
  }

  #define(address: Address, entry: Entry): void {
    const key = addressKey(address);
    if (this.#entries.has(key)) {
      throw new DirectoryError(`${key} is defined twice, as an account or alias; keep one of them`);
    }
    this.#entries.set(key, entry);
  }

  #parse(text: string, domain: string, where: string): Address {
    const at = text.lastIndexOf("@");
    if (at < 0) return { local: localKey(checkLocal(text, where)), domain };
    const local = checkLocal(text.slice(0, at), where);
    const target = normalizeDomain(text.slice(at + 1));
    if (target === null) throw new DirectoryError(`${where}: "${text}" has no valid domain`);
    // The case of a local part means something only to its own domain (RFC 5321 section 2.4).
    return { local: this.#domains.has(target) ? localKey(local) : local, domain: target };
  }

  /** The accounts and outside addresses that a name leads to; `path` is how we came here. */
  #follow(key: string, path: readonly string[]): Target {
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const loop = path.indexOf(key);
    if (loop >= 0) {
      throw new DirectoryError(
        `Alias ${
          [...path.slice(loop), key].join(" -> ")
        } goes round in a circle; take one of these targets out`,
      );
    }
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      throw new DirectoryError(
        `${path.at(-1)} names ${key}, which is neither an account nor an alias; add it or correct the name`,
      );
    }
    const target = entry.kind === "account"
      ? { accounts: [entry.account], remote: [] }
      : this.#merge(entry.targets, [...path, key]);
    this.#resolved.set(key, target);
    return target;
  }

  #merge(targets: readonly Address[], path: readonly string[]): Target {
    const accounts = new Set<string>();
    const remote = new Map<string, Address>();
    for (const address of targets) {
      if (!this.#domains.has(address.domain)) {
        remote.set(addressKey(address), address);
        continue;
      }
      const target = this.#follow(addressKey(address), path);
      for (const account of target.accounts) accounts.add(account);
      for (const outside of target.remote) remote.set(addressKey(outside), outside);
    }
    return { accounts: [...accounts], remote: [...remote.values()] };
  }

  #catchAll(domain: string, spec: DomainSpec): Target | null {
    if (spec.catchAll === undefined || spec.catchAll === null) return null;
    const where = `catch_all of ${domain}`;
    return this.#merge([this.#parse(spec.catchAll, domain, where)], [where]);
  }

  /** The domain's first account, or the first of all. */
  #lastResort(domain: string): Target | null {
    const accounts = [...this.#accounts.values()];
    const account = accounts.find((info) => info.address.domain === domain) ?? accounts[0];
    return account === undefined ? null : { accounts: [account.name], remote: [] };
  }
}

function capsOf(
  { recipientsPerDay, newRecipientsPerDay }: AccountSpec,
): Pick<AccountInfo, "recipientsPerDay" | "newRecipientsPerDay"> {
  return {
    ...(recipientsPerDay === undefined ? {} : { recipientsPerDay }),
    ...(newRecipientsPerDay === undefined ? {} : { newRecipientsPerDay }),
  };
}

function checkLocal(text: string, where: string): string {
  if (!LOCAL.test(text) || text.startsWith(".") || text.endsWith(".") || text.includes("..")) {
    throw new DirectoryError(
      `${where}: "${text}" is not a plain local part; use letters, digits and . _ - + (no spaces or quotes)`,
    );
  }
  return text;
}
