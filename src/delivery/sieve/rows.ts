import type { Check, Run } from "./program.ts";
import type { CommandCall, TestCall } from "./scope.ts";

/** A command of the language: what it must be allowed by, what may stand behind it, and what it becomes. */
export interface CommandRow {
  readonly name: string;
  readonly requires: string | null;
  readonly hasBlock?: boolean;
  compile(call: CommandCall): Run;
}

export interface TestRow {
  readonly name: string;
  readonly requires: string | null;
  /** What may stand behind it: nothing, one test, or a list of them in parentheses. */
  readonly tests?: "one" | "list";
  compile(call: TestCall): Check;
}
