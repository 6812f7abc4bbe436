import { Buffer } from "node:buffer";
import { CR, LF } from "../../core/bytes.ts";
import { LONGEST_FROM_LINE, parseFromLine } from "./mbox_lines.ts";

const WINDOW = 256 * 1024;
const NEEDLE = Buffer.from("\nFrom ");
/** What is kept in front of a line, to see whether the line before it is empty. */
const BEFORE = 3;

/** A line that begins a message. */
export interface FromLine {
  /** Where the line begins, and where the message does. */
  readonly at: number;
  readonly end: number;
  readonly date: number;
}

/** Finds the messages of an mbox with a window of some hundred kilobytes, whatever its size. */
export class MboxScanner {
  readonly #file: Deno.FsFile;
  /** What the window holds, and where in the file it begins. */
  #bytes = Buffer.alloc(0);
  #base = 0;
  #ended = false;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** The line at the very beginning; null when the file does not begin with one, "empty" when there is nothing. */
  async first(): Promise<FromLine | "empty" | null> {
    await this.#more(0);
    if (this.#bytes.length === 0) return "empty";
    return this.#lineAt(0);
  }

  /** The first one at or behind `from`, behind an empty line. */
  async next(from: number): Promise<FromLine | null> {
    let at = from - 1;
    for (;;) {
      const place = at < this.#base ? -1 : this.#bytes.indexOf(NEEDLE, at - this.#base);
      // A line that the window cuts off is looked at again with more of it.
      const isCut = !this.#ended && place >= 0 && this.#bytes.length - place < LONGEST_FROM_LINE;
      if (place >= 0 && !isCut) {
        const line = this.#isAfterEmptyLine(place) ? this.#lineAt(this.#base + place + 1) : null;
        if (line !== null) return line;
        at = this.#base + place + 1;
        continue;
      }
      if (this.#ended && at >= this.#base) return null;
      if (place >= 0) at = this.#base + place;
      else if (at >= this.#base) at = Math.max(at, this.#windowEnd - NEEDLE.length + 1);
      await this.#more(Math.max(0, at - BEFORE));
    }
  }

  get #windowEnd(): number {
    return this.#base + this.#bytes.length;
  }

  #lineAt(at: number): FromLine | null {
    const start = at - this.#base;
    const lf = this.#bytes.indexOf(LF, start);
    const end = lf < 0 ? this.#bytes.length : lf + 1;
    const date = parseFromLine(this.#bytes.subarray(start, end));
    return date === null ? null : { at, end: this.#base + end, date };
  }

  /** Whether the line that ends at this LF is empty. */
  #isAfterEmptyLine(lf: number): boolean {
    const before = this.#bytes[lf - 1] === CR ? lf - 2 : lf - 1;
    return this.#bytes[before] === LF;
  }

  /** Moves the window on, to begin at `from`. */
  async #more(from: number): Promise<void> {
    if (from > this.#windowEnd || from < this.#base) {
      await this.#file.seek(from, Deno.SeekMode.Start);
      this.#bytes = Buffer.alloc(0);
      this.#ended = false;
    }
    const kept = this.#bytes.subarray(this.#bytes.length === 0 ? 0 : from - this.#base);
    const chunk = new Uint8Array(WINDOW);
    const got = await this.#file.read(chunk);
    if (got === null) this.#ended = true;
    this.#bytes = Buffer.concat([kept, chunk.subarray(0, got ?? 0)]);
    this.#base = from;
  }
}
