import type { Part } from "../../wire/mime/mod.ts";
import type { Action, MessageVersion } from "./actions.ts";
import { Budget } from "./budget.ts";
import type { CompiledSieve } from "./compile.ts";
import type { SieveInput } from "./input.ts";
import type { SieveRunLimits } from "./limits.ts";
import { MessageView } from "./message_view.ts";
import type { Question, Signal, Step } from "./program.ts";
import type { Text } from "./text.ts";
import { Variables } from "./variables.ts";

/** A script that runs. */
export interface RunningScript {
  readonly compiled: CompiledSieve;
  /** The name by which it was included; null for one that nobody included. */
  readonly name: string | null;
}

/** One run of a script: all that its commands share and change. */
export class Machine {
  readonly input: SieveInput;
  readonly budget: Budget;
  /** The message as the script has made it so far. */
  readonly message: MessageView;
  readonly variables: Variables;
  /** RFC 5232 section 2: the internal variable of the flag commands. */
  flags: readonly string[] = [];
  /** The part that the innermost `foreverypart` is at (RFC 5703 section 3); null outside of all. */
  part: Part | null = null;
  /** RFC 5228 section 2.10.2: nothing has cancelled the implicit keep yet. */
  keepsImplicitly = true;
  /** The scripts that run, each included by the one before it (RFC 6609 section 3.1). */
  readonly running: RunningScript[] = [];
  /** Names of scripts that have been included. */
  readonly included = new Set<string>();
  readonly #actions: Action[] = [];
  #beforeEnclosing: MessageVersion | null = null;

  constructor(input: SieveInput, limits: SieveRunLimits) {
    this.input = input;
    this.budget = new Budget(limits, input.rest);
    this.message = new MessageView(input.message, this.budget);
    this.variables = new Variables(this.budget);
  }

  get actions(): readonly Action[] {
    return this.#actions;
  }

  // ---- Running ----

  /** A whole script, with variables of its own (RFC 6609 section 3.4). */
  async runScript(script: RunningScript): Promise<Signal> {
    this.running.push(script);
    try {
      return await this.variables.apart(() => this.run(script.compiled.steps));
    } finally {
      this.running.pop();
    }
  }

  /** A block, up to the first command that does not simply go on. It calls itself to the depth of the script. */
  async run(steps: readonly Step[]): Promise<Signal> {
    for (const { at, run } of steps) {
      const rest = this.budget.step(at);
      if (rest !== null) await rest;
      const signal = await run(this);
      if (signal !== undefined && signal !== "next") return signal;
    }
    return "next";
  }

  async ask({ at, check }: Question): Promise<boolean> {
    const rest = this.budget.step(at);
    if (rest !== null) await rest;
    return await check(this);
  }

  // ---- Values ----

  /** A string with its variables put in. */
  text(text: Text): string {
    return typeof text === "string" ? text : this.variables.expand(text);
  }

  texts(texts: readonly { readonly text: Text }[]): string[] {
    return texts.map(({ text }) => this.text(text));
  }

  // ---- Acting ----

  /** Notes an action; of several for the same place the last counts (RFC 5228 section 2.10.3, RFC 5232 section 3). */
  act(action: Action): void {
    const place = this.#actions.findIndex((earlier) => isSame(earlier, action));
    if (place >= 0) {
      this.#actions[place] = action;
      return;
    }
    // RFC 5429 section 2.4.
    if (DELIVERING.has(action.kind) && this.has("reject", "ereject")) {
      this.budget.fail("A message that was refused cannot be delivered or answered too");
    }
    this.budget.action(action.kind === "redirect" || action.kind === "notify" ? action.kind : "other");
    this.#actions.push(action);
  }

  has(...kinds: readonly Action["kind"][]): boolean {
    return this.#actions.some(({ kind }) => kinds.includes(kind));
  }

  cancelKeep(): void {
    this.keepsImplicitly = false;
  }

  // ---- The message ----

  /** What the message is made of. Within a loop over its parts it stays as it was when the loop began. */
  async structure(): Promise<Part> {
    if (this.part === null) await this.message.settle();
    return this.message.message.digest.structure;
  }

  /** The message for an action that is asked for now (RFC 5293 section 7). */
  version(): MessageVersion {
    return this.message.version();
  }

  /** The same for `redirect`, which takes it as it was before it was enclosed (RFC 5703 section 6). */
  redirected(): MessageVersion {
    return this.#beforeEnclosing ?? this.version();
  }

  noteEnclosing(): void {
    this.#beforeEnclosing ??= this.version();
  }
}

const DELIVERING: ReadonlySet<Action["kind"]> = new Set(["keep", "fileinto", "redirect", "vacation"]);

/** The same mailbox or the same address gets the message once; an edited message is the same (RFC 5293 section 7). */
function isSame(a: Action, b: Action): boolean {
  if (a.kind === "fileinto" && b.kind === "fileinto") {
    return a.target.mailbox === b.target.mailbox && a.target.mailboxId === b.target.mailboxId &&
      a.target.specialUse === b.target.specialUse && a.target.create === b.target.create;
  }
  if (a.kind === "redirect" && b.kind === "redirect") {
    return a.address.local === b.address.local && a.address.domain === b.address.domain;
  }
  if (a.kind === "note-duplicate" && b.kind === "note-duplicate") return a.id === b.id;
  return a.kind === "keep" && b.kind === "keep";
}
