import { MAX_PAGE } from "../control/mod.ts";
import type { QueueFilter } from "../../store/mod.ts";
import { parseDuration } from "../config/units.ts";
import {
  type Command,
  type CommandDeps,
  type CommandInput,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import { MailqText } from "./queue_mailq.ts";
import { counted, queueFilter, queueOptions, withQueue } from "./queue_options.ts";
import { listLines } from "./queue_text.ts";

const DEFAULT_LIMIT = 100;

export const queueList: Command = {
  name: "queue list",
  usage: "[options]",
  summary: "show what waits to be delivered",
  options: {
    ...queueOptions,
    id: { type: "string", value: "ID", help: "only this message" },
    held: { type: "boolean", help: "only recipients that are held" },
    older: { type: "string", value: "TIME", help: "only what was queued that long ago, such as 2h" },
    mailq: { type: "boolean", help: "in the form of Postfix's mailq" },
    limit: { type: "string", value: "N", help: `how many messages (${DEFAULT_LIMIT} if not said)` },
    json: { type: "boolean", help: "one JSON object a line" },
  },
  positionals: [0, 0],
  async run(input, deps) {
    const limit = limitOf(input);
    const { terminal, clock } = deps;
    const filter = listFilter(input, clock.now());
    const mailq = input.options.mailq === true ? new MailqText() : null;
    if (mailq !== null) return await listAsMailq(input, deps, { filter, limit, mailq });
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

/** The summary comes last there, and an empty queue has a line of its own. */
async function listAsMailq(
  input: CommandInput,
  deps: CommandDeps,
  { filter, limit, mailq }: { filter: QueueFilter; limit: number; mailq: MailqText },
): Promise<number> {
  await withQueue(input, deps, async (handlers) => {
    let after: string | undefined;
    for (let count = 0; count < limit;) {
      const page = { limit: Math.min(MAX_PAGE, limit - count), ...(after === undefined ? {} : { after }) };
      const messages = await handlers.queueList(filter, page);
      for (const message of messages) mailq.lines(message).forEach((line) => deps.terminal.out(line));
      count += messages.length;
      after = messages.at(-1)?.id;
      if (messages.length < page.limit) break;
    }
  });
  mailq.summary().forEach((line) => deps.terminal.out(line));
  return EXIT_OK;
}

function listFilter(input: CommandInput, now: number): QueueFilter {
  const [id, older] = [textOption(input, "id"), textOption(input, "older")];
  const age = older === undefined ? undefined : parseDuration(older);
  if (age === null) {
    throw new UsageError(
      `Found ${JSON.stringify(older)} after --older, expected a duration such as 30m or 2h`,
    );
  }
  return {
    ...queueFilter(input),
    ...(id === undefined ? {} : { id }),
    ...(input.options.held === true ? { held: true } : {}),
    ...(age === undefined ? {} : { queuedBefore: now - age }),
  };
}

function limitOf(input: CommandInput): number {
  const text = textOption(input, "limit");
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1) {
    throw new UsageError(`Found ${JSON.stringify(text)} after --limit, expected a number from 1`);
  }
  return limit;
}
