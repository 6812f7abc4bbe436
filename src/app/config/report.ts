/** Turns what the schema found wrong into problems that name line, column, the value found and what was expected. */
import { type Document, isCollection, isMap, isScalar, type LineCounter, type Node } from "yaml";
import type { z } from "zod";
import { didYouMean, suggest } from "../suggest.ts";
import type { ConfigProblem } from "./errors.ts";

export type Path = readonly (string | number)[];

/** Finds the places of keys and values in the text. */
export class Places {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  problemAt(offset: number, key: string | null, message: string): ConfigProblem {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), key, message };
  }

  /** A problem with the value at the path, or, where there is none, with what should hold it. */
  atValue(path: Path, message: string): ConfigProblem {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true) as Node | undefined;
      // A section, and a value that is left out, is best pointed at by its key.
      const offset = (isScalar(node) && node.source !== "") || (isCollection(node) && node.flow)
        ? node.range?.[0]
        : this.#keyOffset(path.slice(0, length));
      if (offset !== undefined) return this.problemAt(offset, keyText(path), message);
    }
    return this.problemAt(0, keyText(path), message);
  }

  /** A problem with the key itself. */
  atKey(path: Path, message: string): ConfigProblem {
    return this.problemAt(this.#keyOffset(path) ?? 0, keyText(path.slice(0, -1)), message);
  }

  #keyOffset(path: Path): number | undefined {
    const parent = path.length === 1
      ? this.#document.contents
      : this.#document.getIn(path.slice(0, -1), true);
    if (!isMap(parent)) return (this.#document.getIn(path, true) as Node | undefined)?.range?.[0];
    const pair = parent.items.find(({ key }) =>
      String(isScalar(key) ? key.value : key) === String(path.at(-1))
    );
    return (pair?.key as Node | undefined)?.range?.[0];
  }
}

/** All problems of one validation. */
export function schemaProblems(error: z.ZodError, found: unknown, places: Places): ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path as Path;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => places.atKey([...path, key], unknownKey(key, issue.message.split(" "))));
    }
    const value = valueAt(found, path);
    const expected = expectedWords(issue);
    return value === undefined
      ? [places.atValue(path, `Missing, expected ${expected}`)]
      : [places.atValue(path, `Found ${foundWords(value)}, expected ${expected}`)];
  });
}

/** `domains."example.com".aliases.info[0]`: keys that hold a point are quoted. */
export function keyText(path: Path): string | null {
  if (path.length === 0) return null;
  const words = path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return `.${/^[\w@+-]+$/.test(key) ? key : JSON.stringify(key)}`;
  });
  return words.join("").replace(/^\./, "");
}

/** The value in a few words, never longer than a line. */
export function foundWords(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a section";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const hint = suggest(key, known) === null
    ? `; the keys here are ${known.join(", ")}`
    : didYouMean(key, known);
  return `Unknown key ${foundWords(key)}${hint}`;
}

function expectedWords(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type") return issue.message;
  switch (issue.expected) {
    case "array":
      return "a list";
    case "object":
    case "record":
      return "a section with keys and values";
    default:
      return issue.expected;
  }
}

function valueAt(value: unknown, path: Path): unknown {
  for (const key of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}
