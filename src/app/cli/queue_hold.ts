import { type Command, EXIT_OK } from "./command.ts";
import {
  allOption,
  counted,
  deliberateFilter,
  queueOptions,
  requireFound,
  withQueue,
} from "./queue_options.ts";

export const queueHold = holdCommand("hold", "keep from being delivered until released");
export const queueRelease = holdCommand("release", "let what was held be delivered");

function holdCommand(word: "hold" | "release", summary: string): Command {
  return {
    name: `queue ${word}`,
    usage: "[ID] [options]",
    summary,
    options: { ...queueOptions, ...allOption },
    positionals: [0, 1],
    async run(input, deps) {
      const filter = deliberateFilter(input);
      const count = await withQueue(input, deps, (handlers) => handlers.queueHold(filter, word === "hold"));
      requireFound(count, input);
      deps.terminal.out(`${counted(count, "recipient")} ${word === "hold" ? "held" : "released"}`);
      return EXIT_OK;
    },
  };
}
