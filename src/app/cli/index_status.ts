import type { SearchIndexStatus } from "../../store/mod.ts";
import { type Command, configOption, EXIT_FAILED, EXIT_OK } from "./command.ts";
import { withQueue } from "./queue_options.ts";

export const indexStatus: Command = {
  name: "index status",
  usage: "[options]",
  summary: "show how far the full-text index is",
  options: { ...configOption, json: { type: "boolean", help: "as a JSON object" } },
  positionals: [0, 0],
  async run(input, deps) {
    const status = await withQueue(input, deps, (handlers) => handlers.indexStatus());
    const lines = input.options.json === true ? [JSON.stringify(status)] : statusLines(status);
    lines.forEach((line) => deps.terminal.out(line));
    return status.state === "failed" ? EXIT_FAILED : EXIT_OK;
  },
};

const STATES: Readonly<Record<SearchIndexStatus["state"], string>> = {
  off: "No index is in use: the server does not run, or search.index is false",
  checking: "The index is being checked; until then searches read the messages",
  behind: "The index is being filled; searches read the messages that it does not hold yet",
  ready: "The index holds all messages",
  failed: "The index failed; searches read the messages, and it is tried again by itself",
};

function statusLines({ state, indexed, unindexed, bytes, problem }: SearchIndexStatus): string[] {
  const lines = [`${STATES[state]}.`];
  if (problem !== null) lines.push(`Problem:      ${problem}`);
  if (state === "off") return lines;
  return [
    ...lines,
    `Indexed:      ${indexed}`,
    `Not yet:      ${unindexed}`,
    `Size:         ${(bytes / 1024 / 1024).toFixed(1)} MiB`,
  ];
}
