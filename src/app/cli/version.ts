import { version } from "../version.ts";
import { type Command, EXIT_OK } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  usage: "",
  summary: "show the version",
  options: {},
  positionals: [0, 0],
  run(_input, deps) {
    deps.terminal.out(`mailden ${version} (deno ${Deno.version.deno}, ${Deno.build.target})`);
    return Promise.resolve(EXIT_OK);
  },
};
