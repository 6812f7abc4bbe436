import { editFile, withoutAccount } from "../config/edit.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { loadConfig } from "../config/mod.ts";
import { parseAccountName, requireAccount } from "./account_name.ts";
import {
  type Command,
  type CommandDeps,
  CommandError,
  type CommandInput,
  configOption,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import { withOperations } from "./operations.ts";
import { reloadServer } from "./reload_server.ts";

export const accountRemove: Command = {
  name: "account remove",
  usage: "ADDRESS [options]",
  summary: "remove an account and its mail",
  details:
    "Takes the account out of the configuration and removes its password and all its mail from the data\n" +
    "folder. Aliases that lead to it must be changed first.",
  options: {
    ...configOption,
    "keep-mail": {
      type: "boolean",
      help: "keep the mail; it is there again when the account is added again",
    },
    yes: { type: "boolean", help: "do not ask" },
  },
  positionals: [1, 1],
  async run(input, deps) {
    const account = parseAccountName(input.positionals[0]);
    const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
    const config = await loadConfig(path);
    requireAccount(config, account);
    const keepMail = input.options["keep-mail"] === true;
    // What cannot be removed is said before anybody is asked.
    withoutAccount(await Deno.readTextFile(path), path, account);
    await confirm(account.name, keepMail, { input, deps });
    await withOperations(config, deps, async ({ handlers, server }) => {
      await editFile(path, (content) => withoutAccount(content, path, account));
      await reloadServer(server, path, deps);
      if (keepMail) await handlers.setCredential(account.name, null);
      else await handlers.removeAccount(account.name);
    });
    deps.terminal.out(`Removed ${account.name}${keepMail ? "; its mail is kept" : " and its mail"}`);
    return EXIT_OK;
  },
};

async function confirm(
  name: string,
  keepMail: boolean,
  { input, deps }: { readonly input: CommandInput; readonly deps: CommandDeps },
): Promise<void> {
  if (input.options.yes === true) return;
  if (!deps.terminal.interactive) {
    throw new UsageError("There is no terminal to ask; say --yes if you are sure");
  }
  const what = keepMail ? `the account ${name}` : `the account ${name} with all its mail, for ever`;
  const answer = await deps.terminal.ask(`This removes ${what}. Type the address to go on: `);
  if (answer?.trim().toLowerCase() !== name) throw new CommandError("Nothing was removed");
}
