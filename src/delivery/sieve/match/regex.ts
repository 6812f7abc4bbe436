/**
 * `:regex` (draft-ietf-sieve-regex): extended regular expressions of POSIX, run by a machine that goes over the value once and
 * keeps all possible states side by side (Thompson, Pike), so that the time is bounded by the product of both lengths whatever
 * the expression is. Captures are the leftmost match's, alternatives in their order and repetitions as long as can be.
 */
import { toLowerAscii } from "./ascii_case.ts";
import { parseRegex } from "./regex_parser.ts";
import { type Program, runProgram, toProgram } from "./regex_program.ts";

export interface RegexOptions {
  readonly ignoreCase: boolean;
}

export class Regex {
  readonly #program: Program;
  readonly #ignoreCase: boolean;

  constructor(program: Program, { ignoreCase }: RegexOptions) {
    this.#program = program;
    this.#ignoreCase = ignoreCase;
  }

  /** How many instructions it has. */
  get size(): number {
    return this.#program.instructions.length;
  }

  /** The whole match and its groups, `""` for a group that took no part; null when nothing matches. It yields at each step. */
  *match(value: string): Generator<void, string[] | null> {
    const folded = charactersOf(this.#ignoreCase ? toLowerAscii(value) : value);
    const slots = yield* runProgram(this.#program, folded);
    if (slots === null) return null;
    const characters = charactersOf(value);
    const found: string[] = [];
    for (let at = 0; at < slots.length; at += 2) {
      const [start, end] = [slots[at]!, slots[at + 1]!];
      found.push(start < 0 || end < 0 ? "" : sliceOf(characters, start, end));
    }
    return found;
  }
}

/** Makes an expression ready; a text says what is wrong with it. */
export function compileRegex(pattern: string, options: RegexOptions): Regex | string {
  const tree = parseRegex(options.ignoreCase ? toLowerAscii(pattern) : pattern, options);
  if (typeof tree === "string") return tree;
  const program = toProgram(tree.node, tree.groups);
  return typeof program === "string" ? program : new Regex(program, options);
}

/** A text of which each unit is a character is an array of them already. */
function charactersOf(text: string): string | readonly string[] {
  return /[\ud800-\udfff]/.test(text) ? [...text] : text;
}

function sliceOf(characters: string | readonly string[], start: number, end: number): string {
  return typeof characters === "string"
    ? characters.slice(start, end)
    : characters.slice(start, end).join("");
}
