/** What a script becomes when it has been checked. */
import type { Position } from "../../wire/sieve/mod.ts";
import type { Machine } from "./machine.ts";

/** How a command ends: go on, end this script, end all scripts, or leave a loop of this name (null: the innermost). */
export type Signal = "next" | "return" | "stop" | { readonly break: string | null };

type Soon<T> = T | Promise<T>;

export type Run = (machine: Machine) => Soon<Signal | void>;
export type Check = (machine: Machine) => Soon<boolean>;

/** A command that is ready to run. */
export interface Step {
  readonly at: Position;
  readonly run: Run;
}

/** A test that is ready to be asked. */
export interface Question {
  readonly at: Position;
  readonly check: Check;
}
