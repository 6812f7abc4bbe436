import type { RetrievalSettings } from "./settings.ts";

/** How much of a source is fetched before others have their turn. */
export class Round {
  readonly #timeMs: number;
  #messages: number;
  /** Counted from the first message: however slow a server is, each round has one. */
  #until = Infinity;

  constructor({ messagesPerRound, roundTimeMs }: RetrievalSettings) {
    this.#messages = messagesPerRound;
    this.#timeMs = roundTimeMs;
  }

  get isOver(): boolean {
    return this.#messages <= 0 || performance.now() >= this.#until;
  }

  /** A message is fetched. */
  take(): void {
    if (this.#until === Infinity) this.#until = performance.now() + this.#timeMs;
    this.#messages--;
  }

  /** It was one that is here already, and does not count. */
  giveBack(): void {
    this.#messages++;
  }
}
