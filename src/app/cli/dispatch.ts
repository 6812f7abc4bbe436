import { parseArgs } from "node:util";
import { didYouMean } from "../suggest.ts";
import { ConfigError } from "../config/mod.ts";
import {
  type Command,
  type CommandDeps,
  type CommandInput,
  EXIT_FAILED,
  EXIT_OK,
  EXIT_USAGE,
  UsageError,
} from "./command.ts";
import { commandHelp, overview } from "./help.ts";

/** Finds the command, reads its options and runs it; every error ends here, as a line and an exit code. */
export async function dispatch(
  args: readonly string[],
  commands: readonly Command[],
  deps: CommandDeps,
): Promise<number> {
  try {
    return await run(args, commands, deps);
  } catch (error) {
    return report(error, deps);
  }
}

async function run(
  args: readonly string[],
  commands: readonly Command[],
  deps: CommandDeps,
): Promise<number> {
  if (args[0] === "help") return await run([...args.slice(1), "--help"], commands, deps);
  const words = wordsBefore(args);
  const command = commands.find(({ name }) => name === words.slice(0, name.split(" ").length).join(" "));
  if (command === undefined) return overviewOrError(args, words, { commands, deps });
  const rest = args.slice(command.name.split(" ").length);
  if (command.takesRawArguments === true) {
    if (rest[0] === "--help") return show(commandHelp(command), deps);
    return await command.run({ positionals: rest, options: {} }, deps);
  }
  if (asksForHelp(rest)) return show(commandHelp(command), deps);
  return await command.run(parse(command, rest), deps);
}

function overviewOrError(
  args: readonly string[],
  words: readonly string[],
  { commands, deps }: { readonly commands: readonly Command[]; readonly deps: CommandDeps },
): number {
  const [first, second] = words;
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  const shown = group.length > 0 ? overview(group, first!) : overview(commands, null);
  const names = commands.map(({ name }) => name);
  if (first !== undefined && group.length === 0) {
    const hint = didYouMean(words.slice(0, 2).join(" "), names) || didYouMean(first, names.map(firstWord));
    throw new UsageError(`Unknown command ${JSON.stringify(first)}${hint} (mailden --help shows all)`);
  }
  if (second !== undefined) {
    const hint = didYouMean(`${first} ${second}`, group.map(({ name }) => name));
    throw new UsageError(`Unknown command "${first} ${second}"${hint} (mailden ${first} --help shows all)`);
  }
  if (asksForHelp(args)) return show(shown, deps);
  const unknown = args.find((word) => word.startsWith("-"));
  if (unknown !== undefined) throw new UsageError(`Unknown option ${unknown}; it belongs after a command`);
  for (const line of shown) deps.terminal.err(line);
  return EXIT_USAGE;
}

function parse(command: Command, args: readonly string[]): CommandInput {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type }]) => [name, { type }]),
  );
  const { positionals, values } = parseStrictly(command, args, options);
  const [least, most] = command.positionals;
  if (positionals.length < least || positionals.length > most) {
    const passwordNote = "password-stdin" in command.options ? "; a password is never an argument" : "";
    throw new UsageError(`Expected: mailden ${command.name} ${command.usage}${passwordNote}`);
  }
  return { positionals, options: values };
}

function parseStrictly(
  command: Command,
  args: readonly string[],
  options: Record<string, { type: "string" | "boolean" }>,
): { positionals: string[]; values: CommandInput["options"] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const unknown = /^Unknown option '--?([^']*)'/.exec(error.message)?.[1];
    if (unknown === undefined) throw new UsageError(error.message);
    const hint = didYouMean(unknown, Object.keys(options));
    throw new UsageError(`Unknown option --${unknown}${hint} (mailden ${command.name} --help shows all)`);
  }
}

function report(error: unknown, { terminal }: CommandDeps): number {
  if (!(error instanceof Error)) throw error;
  if (error instanceof UsageError || error instanceof ConfigError) {
    for (const line of error.message.split("\n")) terminal.err(line);
    return EXIT_USAGE;
  }
  const text = MISTAKES.has(error.name) ? error.stack ?? error.message : error.message;
  for (const line of text.split("\n")) terminal.err(line);
  return EXIT_FAILED;
}

/** Errors that only a mistake in this program throws; every other message is written for the person who reads it. */
const MISTAKES: ReadonlySet<string> = new Set(["TypeError", "ReferenceError", "RangeError", "SyntaxError"]);

function show(lines: readonly string[], deps: CommandDeps): number {
  for (const line of lines) deps.terminal.out(line);
  return EXIT_OK;
}

function wordsBefore(args: readonly string[]): string[] {
  const end = args.findIndex((arg) => arg.startsWith("-"));
  return args.slice(0, end < 0 ? args.length : end);
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === "--help" || arg === "-h");
}

function firstWord(name: string): string {
  return name.split(" ")[0]!;
}
