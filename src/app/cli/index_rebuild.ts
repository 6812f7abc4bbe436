import { type Command, configOption, EXIT_OK } from "./command.ts";
import { withQueue } from "./queue_options.ts";

export const indexRebuild: Command = {
  name: "index rebuild",
  usage: "[options]",
  summary: "throw the full-text index away and build it anew",
  details:
    "It is built in the background by the running server, else by the next one. Searches find everything\n" +
    "meanwhile, only slower.",
  options: configOption,
  positionals: [0, 0],
  async run(input, deps) {
    await withQueue(input, deps, (handlers) => handlers.indexRebuild());
    deps.terminal.out("The index was thrown away; it is built anew in the background");
    return EXIT_OK;
  },
};
