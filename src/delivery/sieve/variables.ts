import type { Budget } from "./budget.ts";
import type { Piece } from "./text.ts";

/** The variables of one run (RFC 5229), and what the last match found. */
export class Variables {
  readonly #budget: Budget;
  #values = new Map<string, string>();
  readonly #globals = new Map<string, string>();
  /** Names that this script sees as global (RFC 6609 section 3.3). */
  #shared = new Set<string>();
  /** `${0}` and so on; empty when nothing has matched yet. */
  matches: readonly string[] = [];

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get(name: string): string {
    if (name >= "0" && name < ":") return this.matches[Number(name)] ?? "";
    return this.#mapOf(name).get(bareName(name)) ?? "";
  }

  /** What is longer than allowed is cut (RFC 5229 section 6), never within a character. */
  set(name: string, value: string): void {
    const map = this.#mapOf(name);
    const bare = bareName(name);
    const { variables } = this.#budget.limits;
    if (!map.has(bare) && this.#values.size + this.#globals.size >= variables) {
      this.#budget.fail(`The script uses more than ${variables} variables`);
    }
    map.set(bare, this.cut(value));
  }

  expand(pieces: readonly Piece[]): string {
    const { variableLength } = this.#budget.limits;
    let text = "";
    for (const piece of pieces) {
      text += typeof piece === "string" ? piece : this.get(piece.variable);
      // A few variables in one string, and that string in the next one, would double at each step.
      if (text.length > 4 * variableLength) break;
    }
    this.#budget.look(text.length);
    return text.length > 4 * variableLength ? cutText(text, 4 * variableLength) : text;
  }

  cut(value: string): string {
    return cutText(value, this.#budget.limits.variableLength);
  }

  share(name: string): void {
    this.#shared.add(name);
  }

  isLocal(name: string): boolean {
    return this.#values.has(name);
  }

  /** Runs an included script with local variables of its own (RFC 6609 section 3.3). */
  async apart<T>(action: () => Promise<T>): Promise<T> {
    const [values, shared, matches] = [this.#values, this.#shared, this.matches];
    this.#values = new Map();
    this.#shared = new Set();
    this.matches = [];
    try {
      return await action();
    } finally {
      [this.#values, this.#shared, this.matches] = [values, shared, matches];
    }
  }

  #mapOf(name: string): Map<string, string> {
    return name.startsWith("global.") || this.#shared.has(name) ? this.#globals : this.#values;
  }
}

function bareName(name: string): string {
  return name.startsWith("global.") ? name.slice("global.".length) : name;
}

function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
