import { type Address, addressKey } from "../core/address.ts";
import { normalizeDomain } from "../core/domain.ts";
import {
  type AccountInfo,
  type AccountSpec,
  type CatchAllSpec,
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

/** What may stand between a name and its detail. */
const SEPARATOR = /^[+\-=_.#]$/;

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
  for (const { name, domain } of domains) builder.addSettings(name, { domain, spec });
  for (const { name, domain } of domains) builder.addAccounts(name, domain);
  for (const { name, domain } of domains) builder.addAliases(name, domain);
  return builder.finish(domains);
}

class Builder {
  readonly #accounts = new Map<string, AccountInfo>();
  readonly #domains = new Set<string>();
  /** The domains that share the names of another one. */
  readonly #sameAs = new Map<string, string>();
  readonly #separators = new Map<string, string | null>();
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

  addSettings(
    name: string,
    { domain, spec }: { readonly domain: DomainSpec; readonly spec: DirectorySpec },
  ): void {
    const { plusSeparator = spec.plusSeparator ?? null, sameAs = null } = domain;
    if (plusSeparator !== null && !SEPARATOR.test(plusSeparator)) {
      throw new DirectoryError(`plus_separator of ${name}: "${plusSeparator}" is not one of + - = _ . #`);
    }
    this.#separators.set(name, plusSeparator);
    if (sameAs === null) return;
    const other = normalizeDomain(sameAs);
    if (other === null || other === name || !this.#domains.has(other)) {
      throw new DirectoryError(`same_as of ${name}: "${sameAs}" is not another domain of ours`);
    }
    if (this.#sameAs.has(other) || [...this.#sameAs.values()].includes(name)) {
      throw new DirectoryError(`same_as of ${name}: ${other} must be a domain with names of its own`);
    }
    const own = [...Object.keys(domain.accounts), ...Object.keys(domain.aliases ?? {})];
    if (own.length > 0 || (domain.catchAll ?? null) !== null || domain.plusSeparator !== undefined) {
      const text = `has the names of ${other}, with its plus_separator and its catch_all`;
      throw new DirectoryError(
        `same_as of ${name}: it ${text}, and can have none of its own; write them there`,
      );
    }
    this.#sameAs.set(name, other);
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
        ...(account.quotaMessages === undefined ? {} : { quotaMessages: account.quotaMessages }),
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
    for (const { name, domain } of domains) this.#addForwards(name, domain);
    const tables = new Map(domains.map(({ name, domain }): [string, DomainTable] => [name, {
      name,
      plusSeparator: this.#separators.get(name) ?? null,
      names: names.get(name)!,
      catchAll: this.#catchAll(name, domain),
      catchAllExcept: catchAllOf(domain)?.except.map(localKey) ?? [],
      lastResort: this.#lastResort(name),
    }]));
    for (const [name, other] of this.#sameAs) tables.set(name, tables.get(other)!);
    return { accounts: this.#accounts, domains: tables, manyNames: this.#manyNames(tables) };
  }

  #manyNames(tables: ReadonlyMap<string, DomainTable>): Set<string> {
    const reached = [...tables.values()].flatMap(({ names, catchAll }) => [...names.values(), catchAll]);
    const forwards = [...this.#accounts.values()].flatMap(({ forward }) => forward?.to ?? []);
    const targets = [...reached, ...forwards.map((address) => this.#resolved.get(addressKey(address)))];
    const once = new Set<string>();
    const many = new Set<string>();
    for (const account of targets.flatMap((target) => target?.accounts ?? [])) {
      if (once.has(account)) many.add(account);
      once.add(account);
    }
    return many;
  }

  #addForwards(domain: string, spec: DomainSpec): void {
    for (const [text, { forward = [], keepCopy = false }] of Object.entries(spec.accounts)) {
      if (forward.length === 0) continue;
      const name = addressKey({ local: localKey(text), domain });
      const where = `forward of ${name}`;
      const to = forward.map((target) => this.#parse(target, domain, where));
      // What a catch-all would take is most likely a slip of the pen.
      this.#merge(to, [where]);
      this.#accounts.set(name, { ...this.#accounts.get(name)!, forward: { to, keepCopy } });
    }
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
    const named = normalizeDomain(text.slice(at + 1));
    if (named === null) throw new DirectoryError(`${where}: "${text}" has no valid domain`);
    const target = this.#sameAs.get(named) ?? named;
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
    const detailed = entry === undefined ? this.#detailed(key) : null;
    if (detailed !== null) return withDetail(this.#follow(detailed.key, path), detailed.detail);
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

  /** `alice+work@example.com` as a target; null when there is nothing to split. */
  #detailed(key: string): { readonly key: string; readonly detail: string } | null {
    const at = key.lastIndexOf("@");
    const splits = splitDetails(key.slice(0, at), this.#separators.get(key.slice(at + 1)) ?? null);
    const found = splits.find(({ base }) => this.#entries.has(base + key.slice(at)));
    return found === undefined ? null : { key: found.base + key.slice(at), detail: found.detail };
  }

  #merge(targets: readonly Address[], path: readonly string[]): Target {
    const accounts = new Set<string>();
    const details = new Map<string, string>();
    const remote = new Map<string, Address>();
    for (const address of targets) {
      if (!this.#domains.has(address.domain)) {
        remote.set(addressKey(address), address);
        continue;
      }
      const target = this.#follow(addressKey(address), path);
      for (const account of target.accounts) {
        const detail = target.details?.get(account);
        if (!accounts.has(account) && detail !== undefined) details.set(account, detail);
        accounts.add(account);
      }
      for (const outside of target.remote) remote.set(addressKey(outside), outside);
    }
    const target = { accounts: [...accounts], remote: [...remote.values()] };
    return details.size === 0 ? target : { ...target, details };
  }

  #catchAll(domain: string, spec: DomainSpec): Target | null {
    const catchAll = catchAllOf(spec);
    if (catchAll === null) return null;
    const where = `catch_all of ${domain}`;
    const targets = typeof catchAll.to === "string" ? [catchAll.to] : catchAll.to;
    return this.#merge(targets.map((target) => this.#parse(target, domain, where)), [where]);
  }

  /** The domain's first account, or the first of all. */
  #lastResort(domain: string): Target | null {
    const accounts = [...this.#accounts.values()];
    const account = accounts.find((info) => info.address.domain === domain) ?? accounts[0];
    return account === undefined ? null : { accounts: [account.name], remote: [] };
  }
}

function catchAllOf({ catchAll = null }: DomainSpec): CatchAllSpec | null {
  return typeof catchAll === "string" ? { to: catchAll, except: [] } : catchAll;
}

/**
 * A local part as name and detail (RFC 5233 section 4), in each way in which it can be read: the longest name first, since names
 * may hold the separator, too.
 */
export function splitDetails(
  local: string,
  separator: string | null,
): { readonly base: string; readonly detail: string }[] {
  const splits: { readonly base: string; readonly detail: string }[] = [];
  let at = separator === null ? -1 : local.lastIndexOf(separator);
  for (; at > 0; at = local.lastIndexOf(separator!, at - 1)) {
    splits.push({ base: local.slice(0, at), detail: local.slice(at + 1) });
  }
  return splits;
}

/** The same, reached under this detail; one that stands nearer to the account in the configuration counts more. */
export function withDetail(target: Target, detail: string): Target {
  if (detail === "") return target;
  const details = target.accounts.map((name) => [name, target.details?.get(name) ?? detail] as const);
  return { ...target, details: new Map(details) };
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
