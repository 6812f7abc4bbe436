import type { Clock } from "../../core/ports.ts";
import type { Terminal } from "../cli/terminal.ts";

/** So many problems are told one by one. */
const TOLD = 1000;
const LIVE_MS = 200;
const PLAIN_MS = 10_000;

/** Counts what was done and what was not, shows it as it goes on, and tells it at the end. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #problems: string[] = [];
  #problemCount = 0;
  #shownAt: number;
  folder = "";
  done = 0;
  bytes = 0;
  known = 0;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#shownAt = clock.now();
  }

  /** One file, or one message, that could not be brought over; the rest goes on. */
  problem(where: string, what: unknown): void {
    this.#problemCount++;
    const text = what instanceof Error ? what.message : String(what);
    if (this.#problems.length < TOLD) this.#problems.push(`${where}: ${text}`);
  }

  get hasProblems(): boolean {
    return this.#problemCount > 0;
  }

  /** Shows how far it is, now and then. */
  tick(): void {
    const now = this.#clock.now();
    const live = this.#terminal.status;
    if (now - this.#shownAt < (live === undefined ? PLAIN_MS : LIVE_MS)) return;
    this.#shownAt = now;
    if (live === undefined) this.#terminal.err(this.#text());
    else live.call(this.#terminal, this.#text());
  }

  /** The last words: what was done, and every problem. */
  finish(verb: string): void {
    this.#terminal.status?.("");
    for (const problem of this.#problems) this.#terminal.err(problem);
    const untold = this.#problemCount - this.#problems.length;
    if (untold > 0) this.#terminal.err(`... and ${untold} more problems`);
    const problems = this.#problemCount === 0 ? "" : `, ${this.#problemCount} problems (see above)`;
    this.#terminal.out(
      `${verb} ${this.done} messages (${mib(this.bytes)}), ${this.known} were there already${problems}`,
    );
  }

  #text(): string {
    const known = this.known === 0 ? "" : `, ${this.known} there already`;
    return `${this.folder}: ${this.done} messages, ${mib(this.bytes)}${known}`;
  }
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
