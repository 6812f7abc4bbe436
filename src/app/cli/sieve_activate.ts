import { type Command, EXIT_OK, UsageError } from "./command.ts";
import { accountOptions, withScripts } from "./script_options.ts";

export const sieveActivate: Command = {
  name: "sieve activate",
  usage: "NAME | --none --account ADDRESS [options]",
  summary: "let a filter script of an account act, in place of the one before",
  options: { ...accountOptions, none: { type: "boolean", help: "let none act" } },
  positionals: [0, 1],
  async run(input, deps) {
    const [name] = input.positionals;
    if ((name === undefined) !== (input.options.none === true)) {
      throw new UsageError("Say either NAME or --none");
    }
    await withScripts(input, deps, ({ scripts, account }) => scripts.activate(account, name ?? null));
    deps.terminal.out(name === undefined ? "No script acts any more" : `"${name}" now acts`);
    return EXIT_OK;
  },
};
