import type { BodyStore } from "../../store/mod.ts";
import { BodyAhead, type BodyRead } from "../body_ahead.ts";
import type { Maildrop, MaildropEntry } from "./maildrop.ts";

/**
 * Reads messages for RETR. Clients mostly fetch one after the other, so once two of them have been asked for in a row the
 * next ones are asked of the store before the client asks us: the store then works while the client does.
 */
export class ReadAhead {
  readonly #ahead: BodyAhead<number>;
  readonly #maildrop: Maildrop;
  /** The number that a client who goes on in order will ask for next. */
  #expected = 1;
  /** Up to which number the reading ahead has come. */
  #reached = 0;

  constructor(bodies: BodyStore, maildrop: Maildrop) {
    this.#ahead = new BodyAhead(bodies);
    this.#maildrop = maildrop;
  }

  /** The message in chunks; the same as the store gives. */
  read(entry: MaildropEntry): AsyncIterable<Uint8Array> {
    const inOrder = entry.number === this.#expected;
    this.#expected = entry.number + 1;
    if (!inOrder) this.close();
    const chunks = this.#ahead.read(entry.number, readOf(entry));
    if (inOrder) this.#goOn(entry.number);
    return chunks;
  }

  /** Gives up what nobody asked for. */
  close(): void {
    this.#ahead.close();
    this.#reached = 0;
  }

  #goOn(from: number): void {
    this.#reached = Math.max(this.#reached, from);
    if (!this.#ahead.isLow) return;
    for (;;) {
      const entry = this.#maildrop.get(this.#reached + 1);
      if (entry === null || !this.#ahead.begin(entry.number, readOf(entry))) return;
      this.#reached = entry.number;
    }
  }
}

function readOf({ bodyId, size }: MaildropEntry): BodyRead {
  return { bodyId, size };
}
