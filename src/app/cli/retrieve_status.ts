import type { SourceStatus } from "../../retrieval/mod.ts";
import { type Command, EXIT_OK } from "./command.ts";
import { withOperations } from "./operations.ts";
import { counted } from "./queue_options.ts";
import { retrieveInput, retrieveOptions } from "./retrieve_options.ts";
import { timeText } from "../trace/fields.ts";

export const retrieveStatus: Command = {
  name: "retrieve status",
  usage: "[options]",
  summary: "show how fetching mail from other providers goes",
  options: { ...retrieveOptions, json: { type: "boolean", help: "one JSON object a line" } },
  positionals: [0, 0],
  async run(input, deps) {
    const { config, account } = await retrieveInput(input, deps);
    const sources = await withOperations(config, deps, ({ handlers }) => handlers.retrievalStatus(account));
    for (const source of sources) {
      const lines = input.options.json === true ? [JSON.stringify(source)] : statusLines(source);
      lines.forEach((line) => deps.terminal.out(line));
    }
    if (sources.length === 0 && input.options.json !== true) {
      deps.terminal.err("Nothing is fetched; sources are configured under retrieve of an account");
    }
    return EXIT_OK;
  },
};

/** A source in a few lines of plain words. */
export function statusLines(status: SourceStatus): string[] {
  const { account, source, protocol, user, host, problem, lastSuccessAt, fetched, deleted, left } = status;
  const done = [
    `${counted(fetched, "message")} fetched`,
    ...(deleted > 0 ? [`${deleted} deleted there`] : []),
    ...(left > 0 ? [`${left} left there (too large, refused or broken)`] : []),
  ];
  const last = lastSuccessAt === null ? "not yet since the start" : timeText(lastSuccessAt);
  return [
    `${account} from ${source} (${protocol.toUpperCase()}, ${user} at ${host}): ${stateWords(status)}`,
    ...(problem === null ? [] : [`  ${problem}`]),
    `  last good look: ${last}; since the start ${done.join(", ")}`,
  ];
}

function stateWords({ state, nextAt, problem }: SourceStatus): string {
  const next = nextAt === null ? "soon" : `at ${timeText(nextAt)}`;
  switch (state) {
    case "waiting":
      return problem === null ? `all well, next look ${next}` : `not all went well, next look ${next}`;
    case "fetching":
      return "fetching now";
    case "listening":
      return "connected, waiting for new mail";
    case "refused":
      return `the log-in was refused; next try ${next}, or when the password is changed`;
    case "no-secret":
      return "waiting for its password";
    case "failing":
      return `in trouble, next try ${next}`;
  }
}
