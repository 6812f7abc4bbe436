import { type Command, CommandError, EXIT_OK } from "./command.ts";
import { accountOptions, withScripts } from "./script_options.ts";

export const sieveGet: Command = {
  name: "sieve get",
  usage: "[NAME] --account ADDRESS [options]",
  summary: "print a filter script of an account: the active one, unless NAME says which",
  options: accountOptions,
  positionals: [0, 1],
  async run(input, deps) {
    const [name] = input.positionals;
    const script = await withScripts(
      input,
      deps,
      ({ scripts, account }) => name === undefined ? scripts.active(account) : scripts.get(account, name),
    );
    if (script === null) {
      throw new CommandError(
        name === undefined ? "No script is active" : `There is no script ${JSON.stringify(name)}`,
      );
    }
    for (const line of script.text.replace(/\r?\n$/, "").split(/\r?\n/)) deps.terminal.out(line);
    return EXIT_OK;
  },
};
