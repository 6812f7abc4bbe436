import { formatSize } from "../config/mod.ts";
import { type Command, EXIT_OK } from "./command.ts";
import { accountOptions, withScripts } from "./script_options.ts";
import { tableLines } from "./table.ts";

export const sieveList: Command = {
  name: "sieve list",
  usage: "--account ADDRESS [options]",
  summary: "show the filter scripts of an account",
  options: { ...accountOptions, json: { type: "boolean", help: "one JSON object a line" } },
  positionals: [0, 0],
  async run(input, deps) {
    const scripts = await withScripts(input, deps, ({ scripts, account }) => scripts.list(account));
    if (input.options.json === true) {
      for (const script of scripts) deps.terminal.out(JSON.stringify(script));
      return EXIT_OK;
    }
    const rows = scripts.map((
      { name, bytes, isActive },
    ) => [name, formatSize(bytes), isActive ? "yes" : "-"]);
    for (const line of tableLines([["SCRIPT", "SIZE", "ACTIVE"], ...rows])) deps.terminal.out(line);
    return EXIT_OK;
  },
};
