import { encodeUtf8 } from "../../core/bytes.ts";
import type { Argument, CommandNode, Script, SieveString, TestNode } from "./ast.ts";
import { type Position, SieveError } from "./errors.ts";
import { defaultSieveLimits, type SieveLimits } from "./limits.ts";
import { type Mark, type Token, Tokens } from "./tokens.ts";

/**
 * Reads a script (RFC 5228 section 8.2). Throws `SieveError`.
 *
 * @example
 * ```ts
 * import { parseSieve } from "./parser.ts";
 *
 * const { commands } = parseSieve('if header :contains "subject" "lunch" { keep; }');
 * console.assert(commands[0]!.tests[0]!.name === "header");
 * ```
 */
export function parseSieve(text: string, limits: SieveLimits = defaultSieveLimits): Script {
  if (text.length > limits.scriptBytes || encodeUtf8(text).length > limits.scriptBytes) {
    throw new SieveError({ line: 1, column: 1 }, `A script can have at most ${limits.scriptBytes} bytes`);
  }
  return new Parser(new Tokens(text), limits).script();
}

/** It calls itself to the depth of the script, which `limits.nesting` bounds. */
class Parser {
  readonly #tokens: Tokens;
  readonly #limits: SieveLimits;
  #next: Token;
  #depth = 0;
  #nodes = 0;

  constructor(tokens: Tokens, limits: SieveLimits) {
    this.#tokens = tokens;
    this.#limits = limits;
    this.#next = tokens.next();
  }

  script(): Script {
    const commands: CommandNode[] = [];
    while (this.#next.kind !== "end") commands.push(this.#command());
    return { commands };
  }

  #command(): CommandNode {
    const test = this.#test("a command");
    if (this.#tryMark(";")) return { ...test, block: null };
    if (!this.#tryMark("{")) {
      throw this.#unexpected(`";" or "{" after the arguments of ${test.name}`);
    }
    this.#enter();
    const block: CommandNode[] = [];
    while (!this.#tryMark("}")) {
      if (this.#next.kind === "end") throw this.#unexpected(`the "}" of the block of ${test.name}`);
      block.push(this.#command());
    }
    this.#depth--;
    return { ...test, block };
  }

  /** A name with its arguments: what commands and tests have in common. */
  #test(expected: string): TestNode {
    const token = this.#next;
    if (token.kind !== "identifier") throw this.#unexpected(expected);
    this.#take();
    this.#count(token.at);
    const args: Argument[] = [];
    for (let argument = this.#tryArgument(); argument !== null; argument = this.#tryArgument()) {
      args.push(argument);
    }
    const isTestList = this.#isMark("(");
    return { name: token.text, at: token.at, args, tests: this.#tests(), isTestList };
  }

  #tests(): TestNode[] {
    if (this.#next.kind !== "identifier" && !this.#isMark("(")) return [];
    this.#enter();
    const tests: TestNode[] = [];
    if (!this.#tryMark("(")) tests.push(this.#test("a test"));
    else {
      do tests.push(this.#test("a test")); while (this.#tryMark(","));
      this.#expectMark(")", '"," or ")" in the list of tests');
    }
    this.#depth--;
    return tests;
  }

  #tryArgument(): Argument | null {
    const token = this.#next;
    switch (token.kind) {
      case "tag":
        this.#take();
        this.#count(token.at);
        return { kind: "tag", name: token.text, at: token.at };
      case "number":
        this.#take();
        this.#count(token.at);
        return { kind: "number", value: token.value, at: token.at };
      case "string":
        return { kind: "strings", values: [this.#string()], isList: false, at: token.at };
      case "mark":
        if (token.text !== "[") return null;
        return { kind: "strings", values: this.#strings(), isList: true, at: token.at };
      default:
        return null;
    }
  }

  #strings(): SieveString[] {
    this.#take();
    const values: SieveString[] = [];
    do values.push(this.#string()); while (this.#tryMark(","));
    this.#expectMark("]", '"," or "]" in the list of strings');
    return values;
  }

  #string(): SieveString {
    const token = this.#next;
    if (token.kind !== "string") throw this.#unexpected("a string");
    this.#take();
    this.#count(token.at);
    return { value: token.text, at: token.at };
  }

  // ---- The machinery ----

  #take(): void {
    this.#next = this.#tokens.next();
  }

  #isMark(mark: Mark): boolean {
    return this.#next.kind === "mark" && this.#next.text === mark;
  }

  #tryMark(mark: Mark): boolean {
    if (!this.#isMark(mark)) return false;
    this.#take();
    return true;
  }

  #expectMark(mark: Mark, expected: string): void {
    if (!this.#tryMark(mark)) throw this.#unexpected(expected);
  }

  #enter(): void {
    if (++this.#depth <= this.#limits.nesting) return;
    throw new SieveError(this.#next.at, `More than ${this.#limits.nesting} levels of blocks and tests`);
  }

  #count(at: Position): void {
    if (++this.#nodes <= this.#limits.nodes) return;
    throw new SieveError(at, `The script has more than ${this.#limits.nodes} commands, tests and arguments`);
  }

  #unexpected(expected: string): SieveError {
    return new SieveError(this.#next.at, `Expected ${expected}, found ${describe(this.#next)}`);
  }
}

function describe(token: Token): string {
  switch (token.kind) {
    case "end":
      return "the end of the script";
    case "string":
      return "a string";
    case "number":
      return `the number ${token.value}`;
    case "tag":
      return `":${token.text}"`;
    default:
      return `"${token.text}"`;
  }
}
