/** What the commands about scripts share. */
import type { SightSnapshot } from "../../delivery/filter/mod.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { type Config, loadConfig } from "../config/mod.ts";
import type { ScriptHandlers } from "../running.ts";
import { parseAccountName, requireAccount } from "./account_name.ts";
import {
  type CommandDeps,
  CommandError,
  type CommandInput,
  type CommandOption,
  configOption,
  textOption,
  UsageError,
} from "./command.ts";
import { withOperations } from "./operations.ts";

export const accountOptions: Readonly<Record<"config" | "account", CommandOption>> = {
  ...configOption,
  account: { type: "string", value: "ADDRESS", help: "whose" },
};

export interface ScriptWork {
  readonly config: Config;
  /** The account's name. */
  readonly account: string;
  readonly scripts: ScriptHandlers;
  /** What its scripts may see of it. */
  readonly sight: () => Promise<SightSnapshot>;
}

/** Runs `work` on the scripts of the account that `--account` names. */
export async function withScripts<T>(
  input: CommandInput,
  deps: CommandDeps,
  work: (on: ScriptWork) => Promise<T>,
): Promise<T> {
  if (textOption(input, "account") === undefined) throw new UsageError("Say whose: --account ADDRESS");
  const account = parseAccountName(textOption(input, "account"));
  const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
  const config = await loadConfig(path);
  requireAccount(config, account);
  try {
    return await withOperations(
      config,
      deps,
      ({ handlers }) =>
        work({
          config,
          account: account.name,
          scripts: handlers.scripts,
          sight: () => handlers.sight(account.name),
        }),
    );
  } catch (error) {
    // The codes of a refusal are for programs.
    const words = error instanceof Error ? /^\d{3} \d\.\d+\.\d+ (.*)$/.exec(error.message)?.[1] : undefined;
    throw words === undefined ? error : new CommandError(words);
  }
}
