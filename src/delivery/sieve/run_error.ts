import type { Position } from "../../wire/sieve/mod.ts";

/** The script cannot go on with this message (RFC 5228 section 2.10.6). */
export class RunError extends Error {
  override readonly name = "RunError";

  constructor(at: Position, problem: string) {
    super(`Line ${at.line}, column ${at.column}: ${problem}`);
  }
}
