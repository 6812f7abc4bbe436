import { type Command, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./command.ts";
import { tableLines } from "./table.ts";

const EXIT_CODES = [
  "Exit codes:",
  `  ${EXIT_OK}  done`,
  `  ${EXIT_FAILED}  it could not be done; the message says why`,
  `  ${EXIT_USAGE}  the command line or the configuration is wrong; nothing was done`,
];

const FILES = [
  "Without --config the configuration is /etc/mailden/mailden.yaml, else ./mailden.yaml. Passwords are asked for, or read",
  "from standard input with --password-stdin; they are never an argument.",
];

/** The help of all commands, or of those that begin with one word. */
export function overview(commands: readonly Command[], group: string | null): string[] {
  const rows = commands.map(({ name, summary }) => [name, summary]);
  return [
    `Usage: mailden ${group ?? ""}${group === null ? "" : " "}COMMAND [options]`,
    "",
    ...tableLines(rows).map((line) => `  ${line}`),
    "",
    ...FILES,
    `More about one: mailden ${group === null ? "COMMAND" : `${group} COMMAND`} --help`,
    "",
    ...EXIT_CODES,
  ];
}

/** The help of one command. */
export function commandHelp(command: Command): string[] {
  const options = Object.entries(
    { ...command.options, help: { type: "boolean", help: "show this" } } as Command["options"],
  );
  const rows = options.map((
    [name, { value, help }],
  ) => [`--${name}${value === undefined ? "" : ` ${value}`}`, help]);
  const summary = command.summary.charAt(0).toUpperCase() + command.summary.slice(1);
  return [
    `Usage: mailden ${command.name} ${command.usage}`.trimEnd(),
    "",
    `${summary}.`,
    ...(command.details === undefined ? [] : ["", ...command.details.split("\n")]),
    "",
    "Options:",
    ...tableLines(rows).map((line) => `  ${line}`),
    "",
    ...EXIT_CODES,
  ];
}
