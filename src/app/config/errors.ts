/** One thing that is wrong in a configuration file. */
export interface ConfigProblem {
  /** From 1; 0 when the problem is with the file as a whole. */
  readonly line: number;
  readonly column: number;
  /** The key, as `limits.message_size`; null when the problem is with the file's syntax. */
  readonly key: string | null;
  /** What was found and what was expected. */
  readonly message: string;
}

/** The configuration cannot be used; `message` has one line for each problem, each with file, line and column. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => problemLine(file, problem)).join("\n"));
    this.file = file;
    this.problems = problems;
  }
}

function problemLine(file: string, problem: ConfigProblem): string {
  const key = problem.key === null ? "" : `${problem.key}: `;
  const place = problem.line === 0 ? file : `${file}:${problem.line}:${problem.column}`;
  return `${place}: ${key}${problem.message}`;
}
