import { parsePattern } from "../../queue/mod.ts";
import type { QueueFilter } from "../../store/mod.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { loadConfig } from "../config/mod.ts";
import type { ControlHandlers } from "../running.ts";
import {
  type CommandDeps,
  CommandError,
  type CommandInput,
  type CommandOption,
  configOption,
  textOption,
  UsageError,
} from "./command.ts";
import { withOperations } from "./operations.ts";

/** What every queue command can choose messages by. */
export const queueOptions: Readonly<Record<string, CommandOption>> = {
  ...configOption,
  to: { type: "string", value: "WHOM", help: "only recipients of this domain, or this address" },
  from: { type: "string", value: "ADDRESS", help: 'only messages of this sender; "<>" for reports' },
};

export const allOption: Readonly<Record<"all", CommandOption>> = {
  all: { type: "boolean", help: "everything in the queue" },
};

/** The id and the options as a filter. */
export function queueFilter(input: CommandInput): QueueFilter {
  const id = input.positionals[0];
  const to = textOption(input, "to");
  const from = textOption(input, "from");
  return {
    ...(id === undefined ? {} : { id }),
    ...(to === undefined ? {} : recipientFilter(to)),
    ...(from === undefined ? {} : { sender: from === "<>" ? "" : from.replace(/^<|>$/g, "") }),
  };
}

function recipientFilter(to: string): QueueFilter {
  const pattern = parsePattern(to);
  if (pattern === null || pattern === "") {
    throw new UsageError(
      `Found ${JSON.stringify(to)} after --to, expected a domain or an address such as bob@example.com`,
    );
  }
  return pattern.includes("@") ? { recipient: pattern } : { recipientDomain: pattern };
}

/** As `queueFilter`, for commands that must not hit everything by a slip: without a choice `--all` must be said. */
export function deliberateFilter(input: CommandInput): QueueFilter {
  const filter = queueFilter(input);
  const isAll = input.options.all === true;
  if (isAll === (Object.keys(filter).length > 0)) {
    throw new UsageError(
      isAll
        ? "Say either --all or what to choose, not both"
        : "Say which: an ID, --to WHOM, --from ADDRESS or --all",
    );
  }
  return filter;
}

/** Runs `work` on the queue of the configuration that the options name. */
export async function withQueue<T>(
  input: CommandInput,
  deps: CommandDeps,
  work: (handlers: ControlHandlers) => Promise<T>,
): Promise<T> {
  const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
  return await withOperations(await loadConfig(path), deps, ({ handlers }) => work(handlers));
}

/** Throws when a message was named and nothing was found. */
export function requireFound(count: number, input: CommandInput): void {
  const id = input.positionals[0];
  if (count === 0 && id !== undefined) {
    throw new CommandError(`There is no message ${JSON.stringify(id)} in the queue`);
  }
}

/** `1 message`, `3 messages`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
