/** A place in a script, as editors count: lines and columns (in characters) from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The script is wrong. The message says what was found and what is allowed, and begins with the place. */
export class SieveError extends Error {
  override readonly name = "SieveError";
  readonly at: Position;

  constructor(at: Position, problem: string) {
    super(`Line ${at.line}, column ${at.column}: ${problem}`);
    this.at = at;
  }
}
