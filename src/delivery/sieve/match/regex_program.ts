/** A regular expression as a small program, and the machine that runs it in linear time. */
import type { CharacterSet, RegexNode } from "./regex_parser.ts";

type Instruction =
  | { readonly op: "char"; readonly char: string }
  | { readonly op: "set"; readonly set: CharacterSet }
  | { readonly op: "any" | "start" | "end" | "match" }
  /** Goes on at both; the first is preferred. */
  | { readonly op: "split"; first: number; second: number }
  | { readonly op: "jump"; to: number }
  | { readonly op: "save"; readonly slot: number };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly slots: number;
}

const MAX_INSTRUCTIONS = 5_000;

/** The program, or what is wrong: counted repetitions are written out, and can be too many. */
export function toProgram(node: RegexNode, groups: number): Program | string {
  const instructions: Instruction[] = [];
  const isTooLong = () => instructions.length > MAX_INSTRUCTIONS;
  const emit = (instruction: Instruction) => instructions.push(instruction) - 1;

  function build(node: RegexNode): void {
    if (isTooLong()) return;
    switch (node.kind) {
      case "empty":
        return;
      case "any":
      case "start":
      case "end":
        return void emit({ op: node.kind });
      case "char":
        return void emit({ op: "char", char: node.char });
      case "set":
        return void emit({ op: "set", set: node.set });
      case "sequence":
        return node.nodes.forEach(build);
      case "choice":
        return buildChoice(node.nodes);
      case "group":
        emit({ op: "save", slot: 2 * node.index });
        build(node.node);
        return void emit({ op: "save", slot: 2 * node.index + 1 });
      case "repeat":
        return buildRepeat(node);
    }
  }

  function buildChoice(nodes: readonly RegexNode[]): void {
    const jumps: { to: number }[] = [];
    nodes.forEach((choice, index) => {
      const isLast = index === nodes.length - 1;
      const split = { op: "split" as const, first: 0, second: 0 };
      if (!isLast) split.first = emit(split) + 1;
      build(choice);
      if (isLast) return;
      const jump = { op: "jump" as const, to: 0 };
      emit(jump);
      jumps.push(jump);
      split.second = instructions.length;
    });
    for (const jump of jumps) jump.to = instructions.length;
  }

  function buildRepeat({ node, min, max }: Extract<RegexNode, { kind: "repeat" }>): void {
    for (let i = 0; i < min && !isTooLong(); i++) build(node);
    if (max === null) {
      const split = { op: "split" as const, first: 0, second: 0 };
      const start = emit(split);
      split.first = start + 1;
      build(node);
      emit({ op: "jump", to: start });
      split.second = instructions.length;
      return;
    }
    const splits: { second: number }[] = [];
    for (let i = min; i < max && !isTooLong(); i++) {
      const split = { op: "split" as const, first: 0, second: 0 };
      split.first = emit(split) + 1;
      splits.push(split);
      build(node);
    }
    for (const split of splits) split.second = instructions.length;
  }

  emit({ op: "save", slot: 0 });
  build(node);
  emit({ op: "save", slot: 1 });
  emit({ op: "match" });
  return isTooLong() ? "The regular expression is too large" : { instructions, slots: 2 * (groups + 1) };
}

interface Thread {
  readonly at: number;
  readonly slots: readonly number[];
}

/** So many states that are looked at are one step of the budget. */
const STATES_PER_STEP = 100;
/** So many numbers are copied in the time of one state. */
const NUMBERS_PER_STATE = 16;

/** Where the leftmost match and its groups begin and end; null when there is none. It yields once for each step. */
export function* runProgram(
  program: Program,
  text: ArrayLike<string>,
): Generator<void, readonly number[] | null> {
  const empty = new Array<number>(program.slots).fill(-1);
  const states = new States(program, text.length);
  let threads: Thread[] = [];
  let found: readonly number[] | null = null;
  for (let at = 0, paid = 0; at <= text.length; at++) {
    states.moveTo(at);
    for (const thread of threads) states.add(thread);
    // A new beginning, after all that began further left; none once something was found.
    if (found === null) states.add({ at: 0, slots: empty });
    threads = [];
    for (const { at: place, slots } of states.threads) {
      const instruction = program.instructions[place]!;
      if (instruction.op === "match") {
        found = slots;
        // What is behind has lower priority.
        break;
      }
      if (at < text.length && accepts(instruction, text[at]!)) threads.push({ at: place + 1, slots });
    }
    for (; paid + STATES_PER_STEP <= states.visited; paid += STATES_PER_STEP) yield;
    if (threads.length === 0 && found !== null) break;
  }
  return found;
}

/** The states at one place of the text, each once, in the order of their priority. */
class States {
  threads: Thread[] = [];
  /** States that were looked at, at all places so far. */
  visited = 0;
  readonly #instructions: readonly Instruction[];
  readonly #copyCost: number;
  /** By instruction, the place at which it was last seen, plus one. */
  readonly #seenAt: Uint32Array;
  readonly #length: number;
  #place = 0;

  constructor({ instructions, slots }: Program, length: number) {
    this.#instructions = instructions;
    this.#copyCost = Math.floor(slots / NUMBERS_PER_STATE);
    this.#seenAt = new Uint32Array(instructions.length);
    this.#length = length;
  }

  moveTo(place: number): void {
    this.#place = place;
    this.threads = [];
  }

  /** Follows what takes no character. A stack, since chains of splits may be as long as the program. */
  add(start: Thread): void {
    const stack: Thread[] = [start];
    for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
      const { at, slots } = thread;
      this.visited++;
      if (this.#seenAt[at] === this.#place + 1) continue;
      this.#seenAt[at] = this.#place + 1;
      const instruction = this.#instructions[at]!;
      switch (instruction.op) {
        case "jump":
          stack.push({ at: instruction.to, slots });
          break;
        case "split":
          stack.push({ at: instruction.second, slots }, { at: instruction.first, slots });
          break;
        case "save":
          this.visited += this.#copyCost;
          stack.push({ at: at + 1, slots: slots.with(instruction.slot, this.#place) });
          break;
        case "start":
          if (this.#place === 0) stack.push({ at: at + 1, slots });
          break;
        case "end":
          if (this.#place === this.#length) stack.push({ at: at + 1, slots });
          break;
        default:
          this.threads.push(thread);
      }
    }
  }
}

function accepts(instruction: Instruction, char: string): boolean {
  if (instruction.op === "any") return true;
  if (instruction.op === "char") return instruction.char === char;
  if (instruction.op !== "set") return false;
  const code = char.codePointAt(0)!;
  return instruction.set.ranges.some(([from, to]) => code >= from && code <= to) !== instruction.set.negated;
}
