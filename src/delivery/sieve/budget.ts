import type { Position } from "../../wire/sieve/mod.ts";
import { RunError } from "./run_error.ts";
import type { SieveRunLimits } from "./limits.ts";

/** Others get the thread after so many steps. */
const STEPS_BETWEEN_RESTS = 500;
/** Looking at so many characters is one step. */
const CHARACTERS_PER_STEP = 4000;
/** What finding a name among others costs. */
const CHARACTERS_PER_NAME = 40;
/** What comparing two texts costs besides their length. */
const CHARACTERS_PER_COMPARISON = 200;

/** What a run has used of what it may use. Everything that costs asks here first. */
export class Budget {
  readonly limits: SieveRunLimits;
  readonly #rest: () => Promise<void>;
  #steps = 0;
  #looked = 0;
  #restAt = STEPS_BETWEEN_RESTS;
  #actions = 0;
  #redirects = 0;
  #notifications = 0;
  #addedFields = 0;
  /** The step that is running, for errors. */
  at: Position = { line: 1, column: 1 };

  constructor(limits: SieveRunLimits, rest: () => Promise<void>) {
    this.limits = limits;
    this.#rest = rest;
  }

  /** One more command or test; awaited, so that a long script lets others in. */
  step(at: Position): Promise<void> | null {
    this.at = at;
    this.spend(1);
    return this.rest();
  }

  /** To be awaited now and then in what takes long; null when it is not yet time for others. */
  rest(): Promise<void> | null {
    if (this.#steps < this.#restAt) return null;
    this.#restAt = this.#steps + STEPS_BETWEEN_RESTS;
    return this.#rest();
  }

  /** Runs work that yields once for each of its steps. */
  async finish<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
      this.spend(1);
      const rest = this.rest();
      if (rest !== null) await rest;
    }
  }

  /** So many names are looked up. */
  lookUp(names: number): void {
    this.look(names * CHARACTERS_PER_NAME);
  }

  /** Two texts of together so many characters are compared. */
  compare(characters: number): void {
    this.look(characters + CHARACTERS_PER_COMPARISON);
  }

  /** So many characters are looked at. */
  look(characters: number): void {
    this.#looked += characters;
    if (this.#looked < CHARACTERS_PER_STEP) return;
    this.spend(Math.floor(this.#looked / CHARACTERS_PER_STEP));
    this.#looked %= CHARACTERS_PER_STEP;
  }

  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.limits.steps) this.fail(`The script takes more than ${this.limits.steps} steps`);
  }

  action(kind: "redirect" | "notify" | "other"): void {
    const { actions, redirects, notifications } = this.limits;
    if (++this.#actions > actions) this.fail(`The script asks for more than ${actions} actions`);
    if (kind === "redirect" && ++this.#redirects > redirects) {
      this.fail(`The script redirects to more than ${redirects} addresses`);
    }
    if (kind === "notify" && ++this.#notifications > notifications) {
      this.fail(`The script sends more than ${notifications} notifications`);
    }
  }

  addedField(): void {
    const { addedFields } = this.limits;
    if (++this.#addedFields > addedFields) {
      this.fail(`The script adds more than ${addedFields} header fields`);
    }
  }

  /** The run ends with this error. */
  fail(problem: string): never {
    throw new RunError(this.at, problem);
  }
}
