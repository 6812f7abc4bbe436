import { type Command, EXIT_OK } from "./command.ts";
import { accountOptions, withScripts } from "./script_options.ts";

export const sieveRemove: Command = {
  name: "sieve remove",
  usage: "NAME --account ADDRESS [options]",
  summary: "remove a filter script of an account; not the one that acts",
  options: accountOptions,
  positionals: [1, 1],
  async run(input, deps) {
    const name = input.positionals[0]!;
    await withScripts(input, deps, ({ scripts, account }) => scripts.remove(account, name));
    deps.terminal.out(`Removed "${name}"`);
    return EXIT_OK;
  },
};
