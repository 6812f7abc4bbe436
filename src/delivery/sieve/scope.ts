import type { CommandNode, Position, TestNode } from "../../wire/sieve/mod.ts";
import type { Question, Step } from "./program.ts";
import type { Arguments } from "./arguments.ts";

/** What is known of the script while it is compiled. */
export interface Scope {
  /** Whether the script has required the extension so far. */
  requires(extension: string): boolean;
  /** Whether we know the extension at all. */
  knows(extension: string): boolean;
  /** The loops around this place that can be left by name, the innermost last (RFC 5703 section 3). */
  readonly loops: readonly (string | null)[];
  /** Whether something other than `require` has stood in the script yet. */
  readonly isAtStart: boolean;
  /** Counts the instructions of a regular expression; throws when those of the script are too many together. */
  chargeRegex(instructions: number, at: Position): void;
  /** Switches extensions on; throws for those that we do not have. */
  enable(extension: string, at: Position): void;
}

/** What a row gets to make a command of. */
export interface CommandCall {
  readonly args: Arguments;
  readonly scope: Scope;
  readonly node: CommandNode;
  /** Compiles the block, inside a loop of this name if it is one. */
  block(options?: { readonly loop: string | null }): readonly Step[];
}

export interface TestCall {
  readonly args: Arguments;
  readonly scope: Scope;
  readonly node: TestNode;
  readonly tests: readonly Question[];
}
