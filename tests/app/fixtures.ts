import { join } from "node:path";
import type { CommandDeps } from "../../src/app/cli/command.ts";
import { commands } from "../../src/app/cli/commands.ts";
import { dispatch } from "../../src/app/cli/dispatch.ts";
import { printable, type Terminal } from "../../src/app/cli/terminal.ts";
import { wireUp } from "../../src/app/wire_up.ts";
import { systemClock, systemRandom } from "../../src/net/system.ts";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";

/** A folder that is removed when it goes out of scope. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "mailden-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

export interface TerminalScript {
  /** Answers to questions, in order; passwords too. */
  readonly answers?: readonly string[];
  /** All of standard input; with it there is no person to ask. */
  readonly input?: string;
}

/** A terminal that keeps what is written and answers from a script. */
export class ScriptedTerminal implements Terminal {
  readonly output: string[] = [];
  readonly errors: string[] = [];
  readonly prompts: string[] = [];
  readonly interactive: boolean;
  readonly #answers: string[];
  readonly #input: string;

  constructor(script: TerminalScript = {}) {
    this.interactive = script.answers !== undefined;
    this.#answers = [...script.answers ?? []];
    this.#input = script.input ?? "";
  }

  out(line: string): void {
    this.output.push(printable(line));
  }
  err(line: string): void {
    this.errors.push(printable(line));
  }
  ask(prompt: string): Promise<string | null> {
    this.prompts.push(prompt);
    return Promise.resolve(this.#answers.shift() ?? null);
  }
  askSecret(prompt: string): Promise<string | null> {
    return this.ask(prompt);
  }
  readInput(): Promise<string> {
    return Promise.resolve(this.#input);
  }
}

export interface RunResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly terminal: ScriptedTerminal;
}

/** Runs a command line in this process; the default places are all within `folder`. */
export async function runCommand(
  folder: string,
  args: readonly string[],
  script: TerminalScript = {},
): Promise<RunResult> {
  const terminal = new ScriptedTerminal(script);
  const deps: CommandDeps = {
    terminal,
    clock: systemClock,
    random: systemRandom,
    places: { files: [join(folder, "mailden.yaml")], trial: join(folder, "mailden-data/trial.yaml") },
    userName: "tester",
    program: "mailden",
    wireUp,
    openStore: (config, log) =>
      openSqliteStore({
        directory: config.data,
        clock: systemClock,
        random: systemRandom,
        log,
        undeleteDays: config.store.undeleteDays,
        readers: 1,
      }),
  };
  const code = await dispatch(args, commands, deps);
  return { code, out: terminal.output.join("\n"), err: terminal.errors.join("\n"), terminal };
}

/** A configuration with comments, as a person writes it. */
export const COMMENTED = `# My server
hostname: mx.example.com   # the name
data: data

domains:
  # the family
  example.com:
    accounts:
      alice:            # me
        name: Alice
        aliases: [sales, 'info']

      # the second one
      bob: {}
    aliases:
      all: [alice, bob] # everybody
`;
