import { type Command, EXIT_OK } from "./command.ts";
import { counted, queueFilter, queueOptions, requireFound, withQueue } from "./queue_options.ts";

export const queueFlush: Command = {
  name: "queue flush",
  usage: "[ID] [options]",
  summary: "try again now: everything, or what is chosen",
  options: queueOptions,
  positionals: [0, 1],
  async run(input, deps) {
    const filter = queueFilter(input);
    const count = await withQueue(input, deps, (handlers) => handlers.queueFlush(filter));
    requireFound(count, input);
    deps.terminal.out(`${counted(count, "recipient")} due now`);
    return EXIT_OK;
  },
};
