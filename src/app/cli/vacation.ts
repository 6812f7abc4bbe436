import { type AwayNote } from "../../store/mod.ts";
import { type Command, CommandError, type CommandInput, EXIT_OK, textOption, UsageError } from "./command.ts";
import { accountOptions, withScripts } from "./script_options.ts";

/** An answer is a letter, not a book. */
const MAX_TEXT = 32 * 1024;

export const vacationSet: Command = {
  name: "vacation set",
  usage: "--account ADDRESS [options] < TEXT",
  summary: "answer for somebody who is away: once a week to each sender",
  details: "The text is read from standard input. Lists, programs and automatic mail get no answer.",
  options: {
    ...accountOptions,
    from: { type: "string", value: "DATE", help: "begin on this day, as in 2026-12-24; at once if missing" },
    until: { type: "string", value: "DATE", help: "this is the last day; until `vacation off` if missing" },
    subject: { type: "string", value: "TEXT", help: 'the subject; "Auto:" and the one answered if missing' },
  },
  positionals: [0, 0],
  async run(input, deps) {
    const from = dayOption(input, "from", 0);
    const until = dayOption(input, "until", 1);
    if (from !== null && until !== null && until < from) throw new UsageError("--until is before --from");
    await withScripts(input, deps, async ({ scripts, account }) => {
      const text = (await deps.terminal.readInput(MAX_TEXT)).trim();
      if (text === "") throw new CommandError("There is no text: give it on standard input");
      await scripts.setAway(account, { text, subject: textOption(input, "subject") ?? null, from, until });
    });
    deps.terminal.out("Senders are answered");
    return EXIT_OK;
  },
};

export const vacationShow: Command = {
  name: "vacation show",
  usage: "--account ADDRESS [options]",
  summary: "show the answer for somebody who is away",
  options: accountOptions,
  positionals: [0, 0],
  async run(input, deps) {
    const note = await withScripts(input, deps, ({ scripts, account }) => scripts.away(account));
    for (const line of note === null ? ["Nobody is answered"] : noteLines(note)) deps.terminal.out(line);
    return EXIT_OK;
  },
};

export const vacationOff: Command = {
  name: "vacation off",
  usage: "--account ADDRESS [options]",
  summary: "answer for nobody any more",
  options: accountOptions,
  positionals: [0, 0],
  async run(input, deps) {
    await withScripts(input, deps, ({ scripts, account }) => scripts.setAway(account, null));
    deps.terminal.out("Senders are not answered any more");
    return EXIT_OK;
  },
};

function noteLines({ text, subject, from, until }: AwayNote): string[] {
  return [
    `From:    ${from === null ? "now on" : dayText(from)}`,
    `Until:   ${until === null ? "it is switched off" : dayText(until)}`,
    `Subject: ${subject ?? "Auto: and the subject that is answered"}`,
    "",
    ...text.split(/\r?\n/),
  ];
}

/** The beginning of a day on this machine's calendar, or of a later one less a moment; null when it is not given. */
function dayOption(input: CommandInput, name: string, later: number): number | null {
  const text = textOption(input, name);
  if (text === undefined) return null;
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  if (day === undefined || dayText(date.getTime()) !== text) {
    throw new UsageError(`Found ${JSON.stringify(text)} after --${name}, expected a day such as 2026-12-24`);
  }
  if (later === 0) return date.getTime();
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + later).getTime() - 1;
}

function dayText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
