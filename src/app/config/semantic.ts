/**
 * What a schema cannot say: names that must exist, names that must not be there twice, ports that collide. Problems are
 * collected, each with its place; only when there are none the directory is made, which finds circles of aliases.
 */
import { join, resolve } from "node:path";
import { normalizeDomain } from "../../core/domain.ts";
import type { Endpoint } from "../../core/ports.ts";
import { DirectoryError, makeDirectory } from "../../intake/directory.ts";
import { splitDetails } from "../../intake/directory_compile.ts";
import { didYouMean } from "../suggest.ts";
import type { ConfigProblem } from "./errors.ts";
import { catchAllTargets } from "./delivery.ts";
import { foundWords, type Path, type Places } from "./report.ts";
import { outboundProblems } from "./outbound_semantic.ts";
import { sourceProblems } from "./retrieval_semantic.ts";
import { type FileContent, toDirectorySpec } from "./schema.ts";
import { formatEndpoint, isAnyHost } from "./units.ts";

/** What the system allows for the name of a Unix socket (sun_path), without the final zero. */
const LONGEST_SOCKET_NAME = 107;
/** The control socket's name within the data folder. */
export const CONTROL_SOCKET = "control.sock";

export function semanticProblems(
  file: FileContent,
  places: Places,
  options: { readonly folder: string },
): ConfigProblem[] {
  const problems = [
    ...portProblems(file, places),
    ...tlsProblems(file, places),
    ...outboundProblems(file.outbound, places, options.folder),
    ...dataProblems(file, places, options.folder),
    ...retrievalProblems(file, places, options.folder),
    ...new DomainChecks(file, places).problems(),
  ];
  return problems.length > 0 ? problems : directoryProblems(file, places);
}

function portProblems(file: FileContent, places: Places): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const taken: { readonly key: string; readonly endpoint: Endpoint }[] = [];
  for (const [key, endpoints] of Object.entries(file.listen)) {
    for (const endpoint of endpoints) {
      const other = taken.find((candidate) => collide(candidate.endpoint, endpoint));
      if (other !== undefined) {
        const message = `${formatEndpoint(endpoint)} is also taken by listen.${other.key}, ` +
          "expected a different port for each service";
        problems.push(places.atValue(["listen", key], message));
      }
      taken.push({ key, endpoint });
    }
  }
  return problems;
}

function collide(a: Endpoint, b: Endpoint): boolean {
  if (a.path !== undefined || b.path !== undefined) return a.path === b.path;
  // Port 0 asks for any free port, a new one each time.
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || isAnyHost(a) || isAnyHost(b);
}

function tlsProblems({ tls }: FileContent, places: Places): ConfigProblem[] {
  if ((tls.certificate === null) === (tls.key === null)) return [];
  const missing = tls.key === null ? "key" : "certificate";
  const message = `Missing, expected a file name, because tls.${
    missing === "key" ? "certificate" : "key"
  } is set; leave both out for a self-signed certificate`;
  return [places.atValue(["tls", missing], message)];
}

function retrievalProblems({ domains }: FileContent, places: Places, folder: string): ConfigProblem[] {
  return Object.entries(domains).flatMap(([domain, { accounts }]) =>
    Object.entries(accounts).flatMap(([account, { retrieve }]) => {
      const path = ["domains", domain, "accounts", account, "retrieve"];
      return sourceProblems(retrieve, path, { places, folder });
    })
  );
}

function dataProblems({ data }: FileContent, places: Places, folder: string): ConfigProblem[] {
  const socket = join(resolve(folder, data), CONTROL_SOCKET);
  const length = new TextEncoder().encode(socket).length;
  if (length <= LONGEST_SOCKET_NAME) return [];
  const most = LONGEST_SOCKET_NAME - CONTROL_SOCKET.length - 1;
  const message = `Found a path of ${length - CONTROL_SOCKET.length - 1} bytes, expected at most ${most}, ` +
    "because the control socket is made there";
  return [places.atValue(["data"], message)];
}

/** What stands in the accounts, aliases and catch-alls of all domains. */
class DomainChecks {
  readonly #file: FileContent;
  readonly #places: Places;
  readonly #problems: ConfigProblem[] = [];
  /** Every name of ours, as `local@domain` in the form in which names are compared. */
  readonly #names = new Set<string>();
  readonly #domains = new Set<string>();
  /** Domains that share the names of another one. */
  readonly #sameAs = new Map<string, string>();
  readonly #separators = new Map<string, string | null>();

  constructor(file: FileContent, places: Places) {
    this.#file = file;
    this.#places = places;
  }

  problems(): ConfigProblem[] {
    const entries = Object.entries(this.#file.domains).flatMap(([key, domain]) => {
      const name = this.#checkDomain(key);
      return name === null ? [] : [{ key, name, domain }];
    });
    for (const { key, name, domain } of entries) this.#noteSettings(key, name, domain);
    for (const { key, name, domain } of entries) {
      for (const account of Object.keys(domain.accounts)) {
        this.#addName(account, name, ["domains", key, "accounts", account], "key");
      }
    }
    for (const { key, name, domain } of entries) {
      for (const [account, { aliases }] of Object.entries(domain.accounts)) {
        aliases.forEach((alias, index) => {
          this.#addName(alias, name, ["domains", key, "accounts", account, "aliases", index], "value");
        });
      }
      for (const alias of Object.keys(domain.aliases)) {
        this.#addName(alias, name, ["domains", key, "aliases", alias], "key");
      }
    }
    // Only now are all names known that a target may lead to.
    for (const { key, name, domain } of entries) {
      for (const [alias, targets] of Object.entries(domain.aliases)) {
        const path = ["domains", key, "aliases", alias];
        if (targets.length === 0) {
          this.#add(path, "Found an empty list, expected at least one name or address");
        }
        targets.forEach((target, index) => this.#checkTarget(target, name, [...path, index]));
      }
      for (const { target, path } of catchAllTargets(domain.catch_all)) {
        this.#checkTarget(target, name, ["domains", key, "catch_all", ...path]);
      }
      for (const [account, { forward }] of Object.entries(domain.accounts)) {
        const path = ["domains", key, "accounts", account, "forward"];
        forward.forEach((target, index) => this.#checkTarget(target, name, [...path, index]));
      }
    }
    return this.#problems;
  }

  #checkDomain(key: string): string | null {
    const name = normalizeDomain(key);
    if (name === null) {
      this.#addAtKey(
        ["domains", key],
        `Found ${foundWords(key)}, expected a domain name such as example.com`,
      );
    } else if (this.#domains.has(name)) {
      this.#addAtKey(
        ["domains", key],
        `The domain ${name} is here twice, expected all its accounts in one section`,
      );
    } else {
      this.#domains.add(name);
      return name;
    }
    return null;
  }

  #noteSettings(
    key: string,
    name: string,
    { same_as, plus_separator }: FileContent["domains"][string],
  ): void {
    this.#separators.set(
      name,
      plus_separator === undefined ? this.#file.delivery.plusSeparator : plus_separator,
    );
    if (same_as === null) return;
    const other = normalizeDomain(same_as);
    if (other !== null && other !== name && this.#domains.has(other)) this.#sameAs.set(name, other);
    else {
      const hint = didYouMean(same_as, [...this.#domains]);
      this.#add(
        ["domains", key, "same_as"],
        `Found ${foundWords(same_as)}, expected another domain configured here${hint}`,
      );
    }
  }

  /** A name or address as it stands in the file; one of a domain that shares another's names is that one's. */
  #parse(text: string, ownDomain: string): Name | null {
    const name = parseName(text, ownDomain);
    const other = name === null ? undefined : this.#sameAs.get(name.domain);
    if (name === null || other === undefined) return name;
    return { key: `${name.key.slice(0, name.key.lastIndexOf("@"))}@${other}`, domain: other };
  }

  /** The name itself, or the one before a detail (`alice+work`). */
  #isKnown({ key, domain }: Name): boolean {
    if (this.#names.has(key)) return true;
    const local = key.slice(0, key.lastIndexOf("@"));
    const splits = splitDetails(local, this.#separators.get(domain) ?? null);
    return splits.some(({ base }) => this.#names.has(`${base}@${domain}`));
  }

  #addName(text: string, domain: string, path: Path, where: "key" | "value"): void {
    const add = (message: string) =>
      where === "key" ? this.#addAtKey(path, message) : this.#add(path, message);
    const name = this.#parse(text, domain);
    if (name === null || (where === "key" && text.includes("@"))) {
      return add(`Found ${foundWords(text)}, expected ${where === "key" ? LOCAL_WORDS : ADDRESS_WORDS}`);
    }
    if (!this.#domains.has(name.domain)) {
      return add(`Found ${foundWords(text)}, expected a name in one of the domains configured here`);
    }
    if (this.#names.has(name.key)) {
      return add(`${name.key} is already an account or an alias, expected a new name`);
    }
    this.#names.add(name.key);
  }

  #checkTarget(text: string, domain: string, path: Path): void {
    const target = this.#parse(text, domain);
    if (target === null) {
      this.#add(path, `Found ${foundWords(text)}, expected ${ADDRESS_WORDS}`);
    } else if (this.#domains.has(target.domain) && !this.#isKnown(target)) {
      const local = [...this.#names].filter((name) => name.endsWith(`@${target.domain}`));
      const names = text.includes("@") ? local : local.map((name) => name.slice(0, name.lastIndexOf("@")));
      const hint = didYouMean(text, names);
      this.#add(path, `Found ${foundWords(text)}, expected an account or alias of ${target.domain}${hint}`);
    }
  }

  #add(path: Path, message: string): void {
    this.#problems.push(this.#places.atValue(path, message));
  }

  #addAtKey(path: Path, message: string): void {
    this.#problems.push(this.#places.atKey(path, message));
  }
}

const LOCAL = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\u0080-\uffff]{1,64}$/;
const LOCAL_WORDS = "the part of an address before the @: letters, digits and . _ - +";
const ADDRESS_WORDS = `a name of this domain or a whole address such as bob@example.com`;

interface Name {
  /** As `local@domain`, in the form in which names are compared. */
  readonly key: string;
  readonly domain: string;
}

/** A local name or a whole address in the form in which intake compares them; null when it is neither. */
function parseName(text: string, ownDomain: string): Name | null {
  const at = text.lastIndexOf("@");
  const local = at < 0 ? text : text.slice(0, at);
  const domain = at < 0 ? ownDomain : normalizeDomain(text.slice(at + 1));
  const isPlain = LOCAL.test(local) && !local.startsWith(".") && !local.endsWith(".") &&
    !local.includes("..");
  if (domain === null || !isPlain) return null;
  return { key: `${local.normalize("NFC").toLowerCase()}@${domain}`, domain };
}

/** Intake has the last word: what it refuses, such as a circle of aliases, is shown at the alias it names. */
function directoryProblems(file: FileContent, places: Places): ConfigProblem[] {
  try {
    makeDirectory(toDirectorySpec(file));
    return [];
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    for (const [key, domain] of Object.entries(file.domains)) {
      for (const account of Object.keys(domain.accounts)) {
        const name = parseName(account, normalizeDomain(key) ?? key);
        if (name !== null && error.message.startsWith(`forward of ${name.key} `)) {
          return [places.atValue(["domains", key, "accounts", account, "forward"], error.message)];
        }
      }
      for (const alias of Object.keys(domain.aliases)) {
        const name = parseName(alias, normalizeDomain(key) ?? key);
        if (name !== null && error.message.includes(name.key)) {
          return [places.atKey(["domains", key, "aliases", alias], error.message)];
        }
      }
    }
    const [, named] = /^same_as of (\S+):/.exec(error.message) ?? [];
    const key = Object.keys(file.domains).find((key) => normalizeDomain(key) === named);
    if (key !== undefined) return [places.atValue(["domains", key, "same_as"], error.message)];
    return [places.atKey(["domains"], error.message)];
  }
}
