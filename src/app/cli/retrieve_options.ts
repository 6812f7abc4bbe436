import { locateExistingConfig } from "../config/locate.ts";
import { type Config, loadConfig } from "../config/mod.ts";
import { parseAccountName, requireAccount } from "./account_name.ts";
import {
  type CommandDeps,
  type CommandInput,
  type CommandOption,
  configOption,
  textOption,
} from "./command.ts";

export const retrieveOptions: Readonly<Record<"config" | "account", CommandOption>> = {
  ...configOption,
  account: { type: "string", value: "ADDRESS", help: "only what is fetched for this account" },
};

/** The configuration that the options name, and the account; null for all. */
export async function retrieveInput(
  input: CommandInput,
  deps: CommandDeps,
): Promise<{ readonly config: Config; readonly account: string | null }> {
  const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
  const config = await loadConfig(path);
  const text = textOption(input, "account");
  if (text === undefined) return { config, account: null };
  const account = parseAccountName(text);
  requireAccount(config, account);
  return { config, account: account.name };
}
