import { type Command, EXIT_OK } from "./command.ts";
import {
  allOption,
  counted,
  deliberateFilter,
  queueOptions,
  requireFound,
  withQueue,
} from "./queue_options.ts";

export const queueDrop: Command = {
  name: "queue drop",
  usage: "[ID] [options]",
  summary: "throw away, without a report to the sender",
  options: { ...queueOptions, ...allOption },
  positionals: [0, 1],
  async run(input, deps) {
    const filter = deliberateFilter(input);
    const count = await withQueue(input, deps, (handlers) => handlers.queueDrop(filter));
    requireFound(count, input);
    deps.terminal.out(`${counted(count, "message")} dropped`);
    return EXIT_OK;
  },
};
