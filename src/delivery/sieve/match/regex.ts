/**
 * `:regex` (draft-ietf-sieve-regex): extended regular expressions of POSIX, run by a machine that goes over the value once and
 * keeps all possible states side by side (Thompson, Pike), so that the time is bounded by the product of both lengths whatever
 * the expression is. Captures are the leftmost match's, alternatives in their order and repetitions as long as can be.
 */
import { parseRegex } from "./regex_parser.ts";
import { type Program, runProgram, toProgram } from "./regex_program.ts";

export interface RegexOptions {
  readonly ignoreCase: boolean;
}

export class Regex {
  readonly #program: Program;
  readonly #fold: (text: string) => string;

  constructor(program: Program, options: RegexOptions) {
    this.#program = program;
    this.#fold = options.ignoreCase ? foldAscii : (text) => text;
  }

  /** The whole match and its groups, `""` for a group that took no part; null when nothing matches. */
  match(value: string, look: (characters: number) => void): string[] | null {
    const characters = [...value];
    const folded = characters.map(this.#fold);
    const slots = runProgram(this.#program, folded, look);
    if (slots === null) return null;
    const found: string[] = [];
    for (let at = 0; at < slots.length; at += 2) {
      const [start, end] = [slots[at]!, slots[at + 1]!];
      found.push(start < 0 || end < 0 ? "" : characters.slice(start, end).join(""));
    }
    return found;
  }
}

/** Makes an expression ready; a text says what is wrong with it. */
export function compileRegex(pattern: string, options: RegexOptions): Regex | string {
  const tree = parseRegex(options.ignoreCase ? foldAscii(pattern) : pattern, options);
  if (typeof tree === "string") return tree;
  const program = toProgram(tree.node, tree.groups);
  return typeof program === "string" ? program : new Regex(program, options);
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
