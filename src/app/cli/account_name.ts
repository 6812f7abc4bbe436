import { normalizeDomain } from "../../core/domain.ts";
import { makeDirectory } from "../../intake/mod.ts";
import { didYouMean } from "../suggest.ts";
import type { Config } from "../config/mod.ts";
import { CommandError, UsageError } from "./command.ts";

export interface AccountName {
  /** As it was typed. */
  readonly local: string;
  readonly domain: string;
  /** The login name: all in lower case. */
  readonly name: string;
}

/** Reads `alice@example.com`. */
export function parseAccountName(text: string | undefined): AccountName {
  const at = text?.lastIndexOf("@") ?? -1;
  const domain = text === undefined || at < 1 ? null : normalizeDomain(text.slice(at + 1));
  if (text === undefined || domain === null) {
    throw new UsageError(
      `Found ${JSON.stringify(text ?? "")}, expected an address such as alice@example.com`,
    );
  }
  const local = text.slice(0, at);
  return { local, domain, name: `${local.normalize("NFC").toLowerCase()}@${domain}` };
}

/** Throws unless the account is configured. */
export function requireAccount(config: Config, account: AccountName): void {
  const directory = makeDirectory(config.directory);
  if (directory.account(account.name) !== null) return;
  const names = directory.accounts().map(({ name }) => name);
  throw new CommandError(`There is no account ${account.name}${didYouMean(account.name, names)}`);
}

/** Throws when the name cannot become a new account. */
export function requireNewName(config: Config, account: AccountName): void {
  const directory = makeDirectory(config.directory);
  if (!directory.ownsDomain(account.domain)) {
    const domains = Object.keys(config.directory.domains);
    throw new CommandError(
      `The domain ${account.domain} is not configured${didYouMean(account.domain, domains)}` +
        ` (add it under "domains:" in the configuration first)`,
    );
  }
  if (directory.account(account.name) !== null) {
    throw new CommandError(
      `${account.name} is there already; to change its password use "account password ${account.name}"`,
    );
  }
}
