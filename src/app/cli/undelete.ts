import type { HiddenFilter, HiddenMessage } from "../../store/mod.ts";
import { parseDuration } from "../config/units.ts";
import { timeText } from "../trace/fields.ts";
import {
  type Command,
  type CommandDeps,
  type CommandInput,
  EXIT_FAILED,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import { counted } from "./queue_options.ts";
import { accountOptions, type AccountWork, tellQuota, withAccount } from "./transfer_options.ts";

const PAGE = 200;

export const undelete: Command = {
  name: "undelete",
  usage: "--account ADDRESS [options]",
  summary: "bring back mail that was deleted",
  details: "What was expunged, deleted over POP3, or lay in a mailbox that was removed, is kept for\n" +
    "`store: undelete_days`. It comes back to where it lay, whatever name that has now, or to the mailbox\n" +
    "Recovered when it is gone.",
  options: {
    ...accountOptions,
    since: {
      type: "string",
      value: "TIME",
      help: "only what was deleted since then: 6h, 2d, 2026-01-31 or 2026-01-31T08:00",
    },
    mailbox: { type: "string", value: "NAME", help: "only what lay there" },
    list: { type: "boolean", help: "only show what could be brought back" },
    json: { type: "boolean", help: "with --list: one JSON object a line" },
  },
  positionals: [0, 0],
  async run(input, deps) {
    const filter = filterOf(input, deps.clock.now());
    return await withAccount(
      input,
      deps,
      async (work) =>
        input.options.list === true
          ? await list(work, filter, { deps, json: input.options.json === true })
          : await restore(work, filter, deps),
    );
  },
};

async function list(
  { account, handlers }: AccountWork,
  filter: HiddenFilter,
  { deps, json }: { readonly deps: CommandDeps; readonly json: boolean },
): Promise<number> {
  let count = 0;
  for (let after = 0;;) {
    const page = await handlers.hiddenList(account, filter, { after, limit: PAGE });
    for (const message of page) deps.terminal.out(json ? JSON.stringify(message) : line(message));
    count += page.length;
    if (page.length < PAGE) break;
    after = page.at(-1)!.id;
  }
  if (!json) deps.terminal.err(count === 0 ? "Nothing can be brought back" : counted(count, "message"));
  return EXIT_OK;
}

function line({ expungedAt, mailbox, from, subject }: HiddenMessage): string {
  return `${timeText(expungedAt)}  ${mailbox}  ${from ?? "(no sender)"}  ${subject ?? "(no subject)"}`;
}

async function restore(work: AccountWork, filter: HiddenFilter, deps: CommandDeps): Promise<number> {
  const restored = await work.handlers.undelete(work.account, filter);
  for (const { mailbox, messages } of restored) {
    deps.terminal.out(`${counted(messages, "message")} brought back to ${mailbox}`);
  }
  if (restored.length === 0) {
    deps.terminal.err("There is nothing that could be brought back");
    return EXIT_FAILED;
  }
  await tellQuota(work, deps);
  return EXIT_OK;
}

function filterOf(input: CommandInput, now: number): HiddenFilter {
  const [since, mailbox] = [textOption(input, "since"), textOption(input, "mailbox")];
  return {
    ...(since === undefined ? {} : { since: parseSince(since, now) }),
    ...(mailbox === undefined ? {} : { mailbox }),
  };
}

/** A duration before now, or a day, or a time of this machine's zone. */
function parseSince(text: string, now: number): number {
  const duration = parseDuration(text);
  if (duration !== null) return Math.max(0, now - duration);
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00`) : Date.parse(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time)) {
    throw new UsageError(
      `Found ${JSON.stringify(text)} after --since, expected 6h, 2d, 2026-01-31 or 2026-01-31T08:00`,
    );
  }
  return time;
}
