import { type Command, CommandError, configOption, EXIT_OK } from "./command.ts";
import { withQueue } from "./queue_options.ts";
import { messageLines } from "./queue_text.ts";

export const queueShow: Command = {
  name: "queue show",
  usage: "ID [options]",
  summary: "show one message of the queue with all its recipients and what was last said to it",
  options: { ...configOption, json: { type: "boolean", help: "as a JSON object" } },
  positionals: [1, 1],
  async run(input, deps) {
    const id = input.positionals[0] ?? "";
    const message = await withQueue(input, deps, (handlers) => handlers.queueShow(id));
    if (message === null) throw new CommandError(`There is no message ${JSON.stringify(id)} in the queue`);
    const lines = input.options.json === true
      ? [JSON.stringify(message)]
      : messageLines(message, deps.clock.now());
    lines.forEach((line) => deps.terminal.out(line));
    return EXIT_OK;
  },
};
