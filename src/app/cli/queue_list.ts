import { MAX_PAGE } from "../control/mod.ts";
import { type Command, type CommandInput, EXIT_OK, textOption, UsageError } from "./command.ts";
import { counted, queueFilter, queueOptions, withQueue } from "./queue_options.ts";
import { listLines } from "./queue_text.ts";

const DEFAULT_LIMIT = 100;

export const queueList: Command = {
  name: "queue list",
  usage: "[options]",
  summary: "show what waits to be delivered",
  options: {
    ...queueOptions,
    held: { type: "boolean", help: "only recipients that are held" },
    limit: { type: "string", value: "N", help: `how many messages (${DEFAULT_LIMIT} if not said)` },
    json: { type: "boolean", help: "one JSON object a line" },
  },
  positionals: [0, 0],
  async run(input, deps) {
    const limit = limitOf(input);
    const filter = { ...queueFilter(input), ...(input.options.held === true ? { held: true } : {}) };
    const { terminal, clock } = deps;
    const shown = await withQueue(input, deps, async (handlers) => {
      let count = 0;
      let after: string | undefined;
      while (count < limit) {
        const page = { limit: Math.min(MAX_PAGE, limit - count), ...(after === undefined ? {} : { after }) };
        const messages = await handlers.queueList(filter, page);
        for (const message of messages) {
          const lines = input.options.json === true
            ? [JSON.stringify(message)]
            : listLines(message, clock.now());
          lines.forEach((line) => terminal.out(line));
        }
        count += messages.length;
        after = messages.at(-1)?.id;
        if (messages.length < page.limit) break;
      }
      return count;
    });
    if (input.options.json !== true) {
      const nothing = Object.keys(filter).length === 0 ? "The queue is empty" : "Nothing in the queue fits";
      terminal.err(shown === 0 ? nothing : counted(shown, "message") + (shown === limit ? " shown" : ""));
    }
    return EXIT_OK;
  },
};

function limitOf(input: CommandInput): number {
  const text = textOption(input, "limit");
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1) {
    throw new UsageError(`Found ${JSON.stringify(text)} after --limit, expected a number from 1`);
  }
  return limit;
}
