/** Extended regular expressions (POSIX.2 section 2.8.4) as a tree. */

/** What one character may be. */
export interface CharacterSet {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

export type RegexNode =
  | { readonly kind: "empty" | "any" | "start" | "end" }
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "char"; readonly char: string }
  | { readonly kind: "sequence" | "choice"; readonly nodes: readonly RegexNode[] }
  | { readonly kind: "group"; readonly index: number; readonly node: RegexNode }
  | { readonly kind: "repeat"; readonly node: RegexNode; readonly min: number; readonly max: number | null };

export interface ParsedRegex {
  readonly node: RegexNode;
  /** Groups in parentheses. */
  readonly groups: number;
}

const MAX_LENGTH = 2_000;
const MAX_NESTING = 20;
/** RE_DUP_MAX of POSIX. */
const MAX_REPEAT = 255;
/** A script can ask for what so many groups took (RFC 5229 section 3.2); others are not noted. */
const MAX_GROUPS = 99;

export function parseRegex(pattern: string, options: { readonly ignoreCase: boolean }): ParsedRegex | string {
  const parser = new RegexParser([...pattern], options.ignoreCase);
  try {
    return parser.run();
  } catch (error) {
    if (error instanceof RegexProblem) return error.message;
    throw error;
  }
}

class RegexProblem extends Error {}

/** It calls itself to the depth of the parentheses, which is bounded. */
class RegexParser {
  readonly #pattern: readonly string[];
  readonly #ignoreCase: boolean;
  #at = 0;
  #depth = 0;
  #groups = 0;

  constructor(pattern: readonly string[], ignoreCase: boolean) {
    this.#pattern = pattern;
    this.#ignoreCase = ignoreCase;
  }

  run(): ParsedRegex {
    if (this.#pattern.length > MAX_LENGTH) this.#fail(`is longer than ${MAX_LENGTH} characters`);
    const node = this.#choice();
    if (this.#at < this.#pattern.length) this.#fail("has a ) without its (");
    return { node, groups: Math.min(this.#groups, MAX_GROUPS) };
  }

  #choice(): RegexNode {
    if (++this.#depth > MAX_NESTING) this.#fail(`has more than ${MAX_NESTING} parentheses in each other`);
    const nodes = [this.#sequence()];
    while (this.#try("|")) nodes.push(this.#sequence());
    this.#depth--;
    return nodes.length === 1 ? nodes[0]! : { kind: "choice", nodes };
  }

  #sequence(): RegexNode {
    const nodes: RegexNode[] = [];
    for (let next = this.#next; next !== undefined && next !== "|" && next !== ")"; next = this.#next) {
      nodes.push(this.#repeated());
    }
    return nodes.length === 1
      ? nodes[0]!
      : nodes.length === 0
      ? { kind: "empty" }
      : { kind: "sequence", nodes };
  }

  #repeated(): RegexNode {
    let node = this.#atom();
    for (;;) {
      const bounds = this.#bounds();
      if (bounds === null) return node;
      if (node.kind === "repeat") this.#fail("repeats what is repeated already: put it in parentheses");
      node = { kind: "repeat", node, ...bounds };
    }
  }

  #bounds(): { min: number; max: number | null } | null {
    if (this.#try("*")) return { min: 0, max: null };
    if (this.#try("+")) return { min: 1, max: null };
    if (this.#try("?")) return { min: 0, max: 1 };
    if (!this.#try("{")) return null;
    const min = this.#number();
    const max = !this.#try(",") ? min : this.#next === "}" ? null : this.#number();
    if (!this.#try("}")) this.#fail("has a { without its }");
    if (max !== null && max < min) this.#fail("has bounds in the wrong order");
    return { min, max };
  }

  #number(): number {
    let digits = "";
    while (this.#next !== undefined && /^[0-9]$/.test(this.#next)) digits += this.#take();
    if (digits === "" || Number(digits) > MAX_REPEAT) this.#fail(`needs numbers up to ${MAX_REPEAT} in { }`);
    return Number(digits);
  }

  #atom(): RegexNode {
    const char = this.#take();
    switch (char) {
      case ".":
        return { kind: "any" };
      case "^":
        return { kind: "start" };
      case "$":
        return { kind: "end" };
      case "(": {
        const index = ++this.#groups;
        const node = this.#choice();
        if (!this.#try(")")) this.#fail("has a ( without its )");
        return index > MAX_GROUPS ? node : { kind: "group", index, node };
      }
      case "[":
        return { kind: "set", set: this.#set() };
      case "\\":
        if (this.#next === undefined) this.#fail("ends in a backslash");
        return { kind: "char", char: this.#take() };
      case "*":
      case "+":
      case "?":
      case "{":
        return this.#fail(`has a ${char} with nothing before it`);
      default:
        return { kind: "char", char };
    }
  }

  /** A bracket expression; `]` is itself when it comes first. */
  #set(): CharacterSet {
    const negated = this.#try("^");
    const ranges: [number, number][] = [];
    for (let isFirst = true; isFirst || this.#next !== "]"; isFirst = false) {
      if (this.#next === undefined) this.#fail("has a [ without its ]");
      const following = this.#pattern[this.#at + 1];
      if (this.#next === "[" && (following === "." || following === "=")) {
        this.#fail(
          `has a [${following} ${following}], which is for languages that this server does not know`,
        );
      }
      if (this.#next === "[" && following === ":") ranges.push(...this.#class());
      else ranges.push(this.#range());
    }
    this.#take();
    return { negated, ranges };
  }

  #range(): [number, number] {
    const from = this.#take().codePointAt(0)!;
    const isRange = this.#next === "-" && this.#pattern[this.#at + 1] !== "]" &&
      this.#at + 1 < this.#pattern.length;
    if (!isRange) return [from, from];
    this.#take();
    const to = this.#take().codePointAt(0)!;
    if (to < from) this.#fail("has a range in the wrong order");
    return [from, to];
  }

  #class(): readonly [number, number][] {
    const end = this.#pattern.indexOf("]", this.#at);
    const text = end < 0 ? "" : this.#pattern.slice(this.#at + 2, end - 1).join("");
    const ranges = this.#pattern[end - 1] === ":" ? CLASSES.get(text) : undefined;
    if (ranges === undefined) return this.#fail("has a class of characters that there is not");
    this.#at = end + 1;
    // The value comes in lower case then.
    return this.#ignoreCase && text === "upper" ? CLASSES.get("lower")! : ranges;
  }

  // ---- The machinery ----

  get #next(): string | undefined {
    return this.#pattern[this.#at];
  }

  #take(): string {
    const char = this.#pattern[this.#at++];
    return char ?? this.#fail("ends too early");
  }

  #try(char: string): boolean {
    if (this.#next !== char) return false;
    this.#at++;
    return true;
  }

  #fail(problem: string): never {
    throw new RegexProblem(`The regular expression ${problem}`);
  }
}

const LOWER: [number, number] = [97, 122];
const UPPER: [number, number] = [65, 90];
const DIGITS: [number, number] = [48, 57];
const PUNCTUATION: [number, number][] = [[33, 47], [58, 64], [91, 96], [123, 126]];

const CLASSES: ReadonlyMap<string, readonly [number, number][]> = new Map([
  ["alpha", [LOWER, UPPER]],
  ["upper", [UPPER]],
  ["lower", [LOWER]],
  ["digit", [DIGITS]],
  ["alnum", [LOWER, UPPER, DIGITS]],
  ["xdigit", [DIGITS, [65, 70], [97, 102]]],
  ["space", [[9, 13], [32, 32]]],
  ["blank", [[9, 9], [32, 32]]],
  ["punct", PUNCTUATION],
  ["print", [[32, 126]]],
  ["graph", [[33, 126]]],
  ["cntrl", [[0, 31], [127, 127]]],
]);
