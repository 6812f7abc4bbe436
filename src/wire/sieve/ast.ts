import type { Position } from "./errors.ts";

export interface SieveString {
  readonly value: string;
  readonly at: Position;
}

/** RFC 5228 section 2.6. */
export type Argument =
  /** Lower case, without its colon. */
  | { readonly kind: "tag"; readonly name: string; readonly at: Position }
  | { readonly kind: "number"; readonly value: number; readonly at: Position }
  /** A list, or one string, which may stand wherever a list may (section 2.4.2.1). */
  | {
    readonly kind: "strings";
    readonly values: readonly SieveString[];
    readonly isList: boolean;
    readonly at: Position;
  };

export interface TestNode {
  /** Lower case. */
  readonly name: string;
  readonly at: Position;
  readonly args: readonly Argument[];
  /** Those in parentheses, or the one that stands behind the arguments. */
  readonly tests: readonly TestNode[];
  /** Whether the tests stood in parentheses. */
  readonly isTestList: boolean;
}

export interface CommandNode extends TestNode {
  /** Null when the command ended with a semicolon. */
  readonly block: readonly CommandNode[] | null;
}

export interface Script {
  readonly commands: readonly CommandNode[];
}
