import { dirname, resolve } from "node:path";
import { type Document, LineCounter, parseDocument } from "yaml";
import { ConfigError, type ConfigProblem } from "./errors.ts";
import { Places, schemaProblems } from "./report.ts";
import { fileSchema, toConfig } from "./schema.ts";
import { semanticProblems } from "./semantic.ts";
import type { Config } from "./types.ts";

/** A file of this size holds some hundred thousand accounts; a larger one is not a configuration. */
const MAX_FILE = 32 * 1024 * 1024;
/** More problems than these are not listed. */
const MAX_PROBLEMS = 20;

/** Reads a configuration file. Throws `ConfigError`, also when the file cannot be read. */
export async function loadConfig(path: string): Promise<Config> {
  return parseConfig(await readConfigText(path), path);
}

/** The text of a configuration file. Throws `ConfigError`. */
export async function readConfigText(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE) throw fileError(path, `The file has ${size} bytes, expected at most ${MAX_FILE}`);
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw fileError(path, "There is no such file; name another with --config FILE");
    }
    if (error instanceof Error && !(error instanceof ConfigError)) {
      throw fileError(path, `The file cannot be read: ${error.message}`);
    }
    throw error;
  }
}

/** Reads a configuration from its text; `path` is for messages, and relative file names start from its folder. */
export function parseConfig(content: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  const places = new Places(document, lines);
  failOn(path, syntaxProblems(document, places));
  const found = plainValue(path, document);
  const parsed = fileSchema.safeParse(found);
  if (!parsed.success) throw problemsError(path, schemaProblems(parsed.error, found, places));
  failOn(path, semanticProblems(parsed.data, places, { folder: dirname(resolve(path)) }));
  return toConfig(parsed.data, dirname(resolve(path)));
}

function syntaxProblems(document: Document.Parsed, places: Places): ConfigProblem[] {
  return [...document.errors, ...document.warnings].map((problem) => {
    const message = problem.code === "DUPLICATE_KEY"
      ? "This key is here twice, expected each key once in its section"
      : `This is not valid YAML: ${problem.message}`;
    return places.problemAt(problem.pos[0], null, message);
  });
}

function plainValue(path: string, document: Document.Parsed): unknown {
  try {
    // Few aliases are allowed, so that a small file cannot unfold to a huge value.
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw fileError(
      path,
      `This is not valid YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function failOn(path: string, problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw problemsError(path, problems);
}

function problemsError(path: string, problems: readonly ConfigProblem[]): ConfigError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return new ConfigError(path, sorted.slice(0, MAX_PROBLEMS));
}

function fileError(path: string, message: string): ConfigError {
  return new ConfigError(path, [{ line: 0, column: 0, key: null, message }]);
}
