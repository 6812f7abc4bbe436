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
  summary: "throw away, with --report telling the senders, else without a word",
  options: {
    ...queueOptions,
    ...allOption,
    report: { type: "boolean", help: "send each sender a report of failure (needs a running server)" },
  },
  positionals: [0, 1],
  async run(input, deps) {
    const filter = deliberateFilter(input);
    const report = input.options.report === true;
    const count = await withQueue(
      input,
      deps,
      (handlers) => report ? handlers.queueBounce(filter) : handlers.queueDrop(filter),
    );
    requireFound(count, input);
    deps.terminal.out(`${counted(count, "message")} dropped${report ? ", the senders were told" : ""}`);
    return EXIT_OK;
  },
};
