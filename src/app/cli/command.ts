import type { Clock, Log, Random } from "../../core/ports.ts";
import type { makeMetrics } from "../../web/metrics.ts";
import type { Store } from "../../store/mod.ts";
import type { Config } from "../config/mod.ts";
import type { ConfigPlaces } from "../config/locate.ts";
import type { Running } from "../running.ts";
import type { Terminal } from "./terminal.ts";

/** What every command is given. Only `main.ts` knows where it comes from. */
export interface CommandDeps {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly random: Random;
  readonly places: ConfigPlaces;
  /** The name of the user who runs it, as the environment has it; null when it says nothing. */
  readonly userName: string | null;
  /** How this program is called, for hints: `mailden`, or `deno task mailden` in a checkout. */
  readonly program: string;
  readonly wireUp: (options: WireUpOptions) => Promise<Running>;
  /** Opens the database for a command, while no server runs; the caller holds the data folder's lock. */
  readonly openStore: (config: Config, log: Log) => Promise<Store>;
}

export interface WireUpOptions {
  readonly config: Config;
  readonly configPath: string | null;
  readonly log: Log;
  readonly metrics: ReturnType<typeof makeMetrics>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Exit codes; they stand in the help, and scripts rely on them. */
export const EXIT_OK = 0;
/** It was understood and could not be done. */
export const EXIT_FAILED = 1;
/** The command line or the configuration is wrong; nothing was done. */
export const EXIT_USAGE = 2;

/** One option of a command. */
export interface CommandOption {
  readonly type: "string" | "boolean";
  /** The value's name in the help, as in `--config FILE`. */
  readonly value?: string;
  readonly help: string;
}

export interface CommandInput {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Command {
  /** As it is typed: `queue list`. */
  readonly name: string;
  /** What follows the name: `[ID] [options]`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  /** Further lines of its own help. */
  readonly details?: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Its arguments are another program's language: all of them come as `positionals`, and `options` is empty. */
  readonly takesRawArguments?: boolean;
  /** How many words may follow the name. */
  readonly positionals: readonly [least: number, most: number];
  /** Resolves with the exit code; throws `UsageError` and whatever the work throws. */
  run(input: CommandInput, deps: CommandDeps): Promise<number>;
}

/** The command line is wrong; `message` says what was expected. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It cannot be done now; `message` says why and what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export const configOption: Readonly<Record<"config", CommandOption>> = {
  config: { type: "string", value: "FILE", help: "the configuration to use" },
};

/** A text option, or undefined. */
export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === "string" ? value : undefined;
}
