/**
 * What the registry lets a script say, found by asking it: each row compiles once with arguments that note what is taken, so that no
 * second list of commands and their arguments is kept here.
 */
import type { Arguments, PlacedText } from "../../../src/delivery/sieve/arguments.ts";
import { COMMANDS, TESTS } from "../../../src/delivery/sieve/registry.ts";
import type { CommandRow, TestRow } from "../../../src/delivery/sieve/rows.ts";
import type { Scope } from "../../../src/delivery/sieve/scope.ts";

export type ValueKind = "string" | "strings" | "number";

export interface Grammar {
  readonly name: string;
  readonly flags: readonly string[];
  readonly tags: readonly { readonly name: string; readonly kind: ValueKind }[];
  /** What has its place; of optional ones there may be several lists. */
  readonly placed: readonly (readonly ValueKind[])[];
  readonly tests: "one" | "list" | undefined;
  readonly hasBlock: boolean;
}

const AT = { line: 1, column: 1 };
/** One of these is what a row wants to see in the place of a text that must be known when it compiles. */
const SAMPLES = ["x", "a@b.example", "mailto:a@b.example", "from", "year", "i;octet", "gt", "1"];

class Refused extends Error {}

/** Stands for `Arguments`, and notes what is taken. */
class Recorder {
  readonly name: string;
  readonly at = AT;
  readonly flags = new Set<string>();
  readonly tags = new Map<string, ValueKind>();
  readonly placed: ValueKind[] = [];
  readonly #options: { readonly sample: string; readonly left: number; readonly tag: string | null };

  constructor(
    name: string,
    options: { readonly sample: string; readonly left: number; readonly tag: string | null },
  ) {
    this.name = name;
    this.#options = options;
  }

  get left(): number {
    return this.#options.left - this.placed.length;
  }

  fail(problem: string): never {
    throw new Refused(problem);
  }

  require(): void {}

  end(): void {}

  flag(name: string): boolean {
    this.flags.add(name);
    // Most rows need none of their flags, and `size` needs one.
    return this.name === "size" && name === "over";
  }

  tagString(name: string): PlacedText | null {
    return this.#tag(name, "string") ? this.#text() : null;
  }

  tagStrings(name: string): PlacedText[] | null {
    return this.#tag(name, "strings") ? [this.#text()] : null;
  }

  tagNumber(name: string) {
    return this.#tag(name, "number") ? { value: 1, at: AT } : null;
  }

  expectString(): PlacedText {
    this.placed.push("string");
    return this.#text();
  }

  expectStrings(): PlacedText[] {
    this.placed.push("strings");
    return [this.#text()];
  }

  expectNumber(): number {
    this.placed.push("number");
    return 1;
  }

  #tag(name: string, kind: ValueKind): boolean {
    this.tags.set(name, kind);
    return name === this.#options.tag;
  }

  #text(): PlacedText {
    return { text: this.#options.sample, at: AT };
  }
}

const SCOPE: Scope = {
  requires: () => true,
  knows: () => true,
  loops: [null],
  isAtStart: true,
  chargeRegex() {},
  enable() {},
};

/** Each command and test but `require`, and those of `if`, which are the compiler's own. */
export function readGrammar(): { readonly commands: Grammar[]; readonly tests: Grammar[] } {
  const rows = <Row extends CommandRow | TestRow>(all: ReadonlyMap<string, Row>) =>
    [...all.values()].filter(({ name }) => name !== "require").map(grammarOf);
  return { commands: rows<CommandRow>(COMMANDS), tests: rows<TestRow>(TESTS) };
}

function grammarOf(row: CommandRow | TestRow): Grammar {
  const flags = new Set<string>();
  const tags = new Map<string, ValueKind>();
  const placed = new Map<string, readonly ValueKind[]>();
  // What one tag brings along is only seen when that tag is there.
  const waiting: (string | null)[] = [null];
  for (let tag = waiting.shift(); tag !== undefined; tag = waiting.shift()) {
    for (const left of [0, 1, 2]) {
      for (const sample of SAMPLES) {
        const recorder = new Recorder(row.name, { sample, left, tag });
        const isGood = compiles(row, recorder);
        for (const flag of recorder.flags) flags.add(flag);
        for (const [name, kind] of recorder.tags) {
          if (!tags.has(name)) waiting.push(name);
          tags.set(name, kind);
        }
        if (isGood) placed.set(recorder.placed.join(), recorder.placed);
      }
    }
  }
  return {
    name: row.name,
    flags: [...flags],
    tags: [...tags].map(([name, kind]) => ({ name, kind })),
    placed: [...placed.values()],
    tests: "tests" in row ? row.tests : undefined,
    hasBlock: "hasBlock" in row && row.hasBlock === true,
  };
}

function compiles(row: CommandRow | TestRow, recorder: Recorder): boolean {
  const node = { name: row.name, at: AT, args: [], tests: [], isTestList: false, block: null };
  const args = recorder as unknown as Arguments;
  try {
    row.compile({ args, scope: SCOPE, node, tests: [], block: () => [] });
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}
