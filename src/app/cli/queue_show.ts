import { type Life, readLife } from "../trace/life.ts";
import { type Command, CommandError, configOption, EXIT_OK } from "./command.ts";
import { withQueue } from "./queue_options.ts";
import { messageLines } from "./queue_text.ts";
import { storyLines } from "./trace.ts";

export const queueShow: Command = {
  name: "queue show",
  usage: "ID [options]",
  summary: "show one message of the queue with all its recipients, every attempt and every answer",
  options: { ...configOption, json: { type: "boolean", help: "as a JSON object" } },
  positionals: [1, 1],
  async run(input, deps) {
    const id = input.positionals[0] ?? "";
    const life = await withQueue(input, deps, (source) => readLife(source, id));
    const message = life?.queued ?? null;
    if (life === null || message === null) {
      throw new CommandError(`There is no message ${JSON.stringify(id)} in the queue`);
    }
    const lines = input.options.json === true
      ? [JSON.stringify({ ...message, trace: life.events })]
      : [...messageLines(message, deps.clock.now()), ...historyLines(life)];
    lines.forEach((line) => deps.terminal.out(line));
    return EXIT_OK;
  },
};

function historyLines(life: Life): string[] {
  return life.events.length === 0 ? [] : ["", ...storyLines(life)];
}
