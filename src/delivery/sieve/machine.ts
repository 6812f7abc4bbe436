import type { Part } from "../../wire/mime/mod.ts";
import type { Action, MessageVersion } from "./actions.ts";
import { Budget } from "./budget.ts";
import type { SieveInput } from "./input.ts";
import type { SieveRunLimits } from "./limits.ts";
import { MessageView } from "./message_view.ts";
import type { Question, Signal, Step } from "./program.ts";
import type { Text } from "./text.ts";
import { Variables } from "./variables.ts";

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
  /** How deep in scripts that include each other, and which have been included (RFC 6609 section 3.1). */
  includeDepth = 0;
  readonly included: Set<string>;
  readonly #actions: Action[] = [];

  constructor(input: SieveInput, limits: SieveRunLimits) {
    this.input = input;
    this.budget = new Budget(limits, input.rest);
    this.message = new MessageView(input.message, this.budget);
    this.variables = new Variables(this.budget);
    this.included = new Set();
  }

  get actions(): readonly Action[] {
    return this.#actions;
  }

  // ---- Running ----

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

  /** Notes an action, unless the very same was asked for already (RFC 5228 section 2.10.3). */
  act(action: Action): void {
    const isRepeated = this.#actions.some((earlier) => isSame(earlier, action));
    if (isRepeated) return;
    // RFC 5429 section 2.3.
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

  /** The message for an action that is asked for now (RFC 5293 section 3). */
  version(): MessageVersion {
    return this.message.version();
  }
}

const DELIVERING: ReadonlySet<Action["kind"]> = new Set(["keep", "fileinto", "redirect", "vacation"]);

/** The same place or the same address gets the message once, whatever else differs. */
function isSame(a: Action, b: Action): boolean {
  if (a.kind === "keep" && b.kind === "keep") {
    return sameMessage(a.message, b.message) && sameFlags(a.flags, b.flags);
  }
  if (a.kind === "fileinto" && b.kind === "fileinto") {
    return a.target.mailbox === b.target.mailbox && a.target.mailboxId === b.target.mailboxId &&
      a.target.specialUse === b.target.specialUse && sameMessage(a.message, b.message) &&
      sameFlags(a.target.flags, b.target.flags);
  }
  if (a.kind === "redirect" && b.kind === "redirect") {
    return a.address.local === b.address.local && a.address.domain === b.address.domain;
  }
  return false;
}

function sameMessage(a: MessageVersion, b: MessageVersion): boolean {
  return a.header === b.header && a.body === b.body;
}

function sameFlags(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((flag) => b.includes(flag));
}
