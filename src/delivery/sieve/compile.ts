import {
  type CommandNode,
  defaultSieveLimits,
  parseSieve,
  type Position,
  SieveError,
  type SieveLimits,
  type TestNode,
} from "../../wire/sieve/mod.ts";
import { Arguments } from "./arguments.ts";
import type { Question, Step } from "./program.ts";
import { COMMANDS, EXTENSIONS, NAMESPACES, TESTS } from "./registry.ts";
import type { CommandRow, TestRow } from "./rows.ts";
import type { Scope } from "./scope.ts";

/** All that a script may require, in alphabetical order; for ManageSieve's SIEVE capability. */
export const SIEVE_EXTENSIONS: readonly string[] = [...EXTENSIONS].sort();

export interface CompileOptions {
  readonly limits?: SieveLimits;
}

/** A script that was checked. It never changes. */
export interface CompiledSieve {
  readonly steps: readonly Step[];
  /** What it required. */
  readonly extensions: ReadonlySet<string>;
}

/** Checks a script and makes it ready to run. Throws `SieveError`. */
export function compileSieve(text: string, options: CompileOptions = {}): CompiledSieve {
  const { commands } = parseSieve(text, options.limits ?? defaultSieveLimits);
  const compiler = new Compiler();
  return { steps: compiler.block(commands), extensions: compiler.enabled };
}

/** Instructions of all regular expressions of a script: what is made ready stays in memory. */
const MAX_REGEX_SIZE = 50_000;

/** It calls itself to the depth of the script, which the parser has bounded. */
class Compiler {
  readonly enabled = new Set<string>();
  readonly #loops: (string | null)[] = [];
  #isAtStart = true;
  #regexSize = 0;
  readonly #scope = this.#makeScope();

  block(commands: readonly CommandNode[]): Step[] {
    const steps: Step[] = [];
    for (let at = 0; at < commands.length;) {
      const node = commands[at]!;
      if (node.name !== "require") this.#isAtStart = false;
      if (node.name === "if") {
        const chain = takeChain(commands, at);
        at += chain.length;
        steps.push(this.#chain(chain));
      } else {
        at++;
        steps.push(this.#deferring(node, () => this.#command(node)));
      }
    }
    return steps;
  }

  // ---- Commands ----

  #command(node: CommandNode): Step {
    const row = COMMANDS.get(node.name);
    if (row === undefined) throw new SieveError(node.at, unknownCommand(node.name));
    this.#requireRow(row, node.at);
    if (node.tests.length > 0) throw new SieveError(node.tests[0]!.at, `${node.name} takes no test`);
    if (row.hasBlock === true && node.block === null) {
      throw new SieveError(node.at, `${node.name} needs a block in braces`);
    }
    if (row.hasBlock !== true && node.block !== null) {
      throw new SieveError(node.at, `${node.name} takes no block`);
    }
    const args = this.#arguments(node);
    const block = (options: { readonly loop: string | null } | undefined) => this.#loop(node, options);
    const run = row.compile({ args, scope: this.#scope, node, block });
    args.end();
    return { at: node.at, run };
  }

  #loop(node: CommandNode, options: { readonly loop: string | null } | undefined): Step[] {
    if (options !== undefined) this.#loops.push(options.loop);
    const steps = this.block(node.block ?? []);
    if (options !== undefined) this.#loops.pop();
    return steps;
  }

  /** RFC 5228 section 3.1. */
  #chain(nodes: readonly CommandNode[]): Step {
    const branches = nodes.map((node) => {
      this.#arguments(node).end();
      if (node.block === null) throw new SieveError(node.at, `${node.name} needs a block in braces`);
      const expected = node.name === "else" ? 0 : 1;
      if (node.tests.length !== expected || node.isTestList) {
        throw new SieveError(node.at, expected === 0 ? "else takes no test" : `${node.name} takes one test`);
      }
      const [test] = node.tests;
      // What was switched on by the test (RFC 5463) holds in its block.
      return { question: test === undefined ? null : this.#test(test), steps: this.block(node.block) };
    });
    return {
      at: nodes[0]!.at,
      async run(machine) {
        for (const { question, steps } of branches) {
          if (question === null || await machine.ask(question)) return await machine.run(steps);
        }
        return "next";
      },
    };
  }

  // ---- Tests ----

  #test(node: TestNode): Question {
    const question = (): Question => {
      const row = TESTS.get(node.name);
      if (row === undefined) throw new SieveError(node.at, `There is no test "${node.name}"`);
      this.#requireRow(row, node.at);
      checkTests(node, row);
      const args = this.#arguments(node);
      const tests = node.tests.map((test) => this.#test(test));
      const check = row.compile({ args, scope: this.#scope, node, tests });
      args.end();
      return { at: node.at, check };
    };
    if (!this.enabled.has("ihave")) return question();
    try {
      return question();
    } catch (error) {
      return { at: node.at, check: failing(error) };
    }
  }

  // ---- The machinery ----

  /**
   * RFC 5463 section 4: a script that can ask what there is may hold what there is not, as long as it is not run. What it requires
   * must be there all the same (RFC 5228 section 2.10.5).
   */
  #deferring({ name, at }: CommandNode, compile: () => Step): Step {
    if (!this.enabled.has("ihave") || name === "require") return compile();
    try {
      return compile();
    } catch (error) {
      return { at, run: failing(error) };
    }
  }

  #arguments(node: TestNode): Arguments {
    return new Arguments(node, {
      require: (extension, at, what) => this.#require(extension, { at, what }),
      text: {
        variables: this.enabled.has("variables"),
        encodedCharacters: this.enabled.has("encoded-character"),
        hasNamespace: (name) => {
          const extension = NAMESPACES.get(name);
          return extension !== undefined && this.enabled.has(extension);
        },
      },
    });
  }

  #requireRow(row: CommandRow | TestRow, at: Position): void {
    if (row.requires !== null) this.#require(row.requires, { at, what: row.name });
  }

  #require(extension: string, { at, what }: { readonly at: Position; readonly what: string }): void {
    if (this.enabled.has(extension)) return;
    if (this.enabled.has("ihave") && this.#scope.knows(extension)) return;
    throw new SieveError(at, `${what} needs require "${extension}" at the start of the script`);
  }

  #makeScope(): Scope {
    const requires = (extension: string) => this.enabled.has(extension);
    const knows = (extension: string) => EXTENSIONS.has(extension);
    const isAtStart = () => this.#isAtStart;
    return {
      requires,
      knows,
      loops: this.#loops,
      get isAtStart() {
        return isAtStart();
      },
      chargeRegex: (instructions, at) => {
        this.#regexSize += instructions;
        if (this.#regexSize <= MAX_REGEX_SIZE) return;
        throw new SieveError(at, "The regular expressions of the script are too large together");
      },
      enable: (extension, at) => {
        if (!knows(extension)) {
          throw new SieveError(at, `This server does not have the extension "${extension}"`);
        }
        this.enabled.add(extension);
        const implied = IMPLIED.get(extension);
        if (implied !== undefined) this.enabled.add(implied);
      },
    };
  }
}

/** Who requires the one need not require the other (RFC 6131 section 2, RFC 5235 section 2.1). */
const IMPLIED: ReadonlyMap<string, string> = new Map([["vacation-seconds", "vacation"], [
  "spamtestplus",
  "spamtest",
]]);

/** `if` with the `elsif`s and the `else` behind it. */
function takeChain(commands: readonly CommandNode[], start: number): CommandNode[] {
  const chain = [commands[start]!];
  for (let at = start + 1; at < commands.length; at++) {
    const node = commands[at]!;
    if (node.name !== "elsif" && node.name !== "else") break;
    chain.push(node);
    if (node.name === "else") break;
  }
  return chain;
}

function unknownCommand(name: string): string {
  return name === "elsif" || name === "else"
    ? `${name} must stand behind an if`
    : `There is no command "${name}"`;
}

function checkTests(node: TestNode, row: TestRow): void {
  if (row.tests === "list" && !node.isTestList) {
    throw new SieveError(node.at, `${node.name} needs tests in parentheses`);
  }
  if (row.tests === "one" && (node.isTestList || node.tests.length !== 1)) {
    throw new SieveError(node.at, `${node.name} needs one test`);
  }
  if (row.tests === undefined && node.tests.length > 0) {
    throw new SieveError(node.tests[0]!.at, `${node.name} takes no test`);
  }
}

/** What could not be compiled fails when it is reached. */
function failing(error: unknown): (machine: { budget: { fail(problem: string): never } }) => never {
  if (!(error instanceof SieveError)) throw error;
  return (machine) => machine.budget.fail(error.message.replace(/^Line \d+, column \d+: /, ""));
}
