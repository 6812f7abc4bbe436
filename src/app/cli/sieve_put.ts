import { compileAs } from "../sieve_files.ts";
import { type Command, EXIT_OK } from "./command.ts";
import { readScriptFile } from "./script_input.ts";
import { accountOptions, withScripts } from "./script_options.ts";

export const sievePut: Command = {
  name: "sieve put",
  usage: "NAME [FILE] --account ADDRESS [options]",
  summary: "store a filter script (Sieve) of an account",
  details: "Without FILE the script is read from standard input. A script with errors is not stored.",
  options: {
    ...accountOptions,
    activate: { type: "boolean", help: "and let it act from now on" },
  },
  positionals: [1, 2],
  async run(input, deps) {
    const [name, file] = input.positionals as [string, string?];
    await withScripts(input, deps, async ({ config, account, scripts }) => {
      const { filter, compile } = config.limits.sieve;
      const text = await readScriptFile(file, { deps, limit: compile.scriptBytes });
      compileAs(file ?? name, text, compile);
      await scripts.put(account, { name, text }, { count: filter.scripts, bytes: filter.scriptsBytes });
      if (input.options.activate === true) await scripts.activate(account, name);
    });
    deps.terminal.out(`Stored "${name}"${input.options.activate === true ? ", which now acts" : ""}`);
    return EXIT_OK;
  },
};
