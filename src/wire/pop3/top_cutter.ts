import { CR, LF } from "../../core/bytes.ts";

/**
 * Lets through the header of a message, the blank line behind it, and so many lines of the body (RFC 1939 section 7, TOP).
 * Chunks are passed on, or cut, never copied.
 */
export class TopCutter {
  #bodyLines: number;
  #state: "header" | "body" | "done" = "header";
  /** Bytes of the header line that has begun, without its LF, and whether the first of them is a CR. */
  #length = 0;
  #startsWithCr = false;

  constructor(bodyLines: number) {
    this.#bodyLines = bodyLines;
  }

  /** Nothing more will be let through. */
  get done(): boolean {
    return this.#state === "done";
  }

  /** The part of the chunk that belongs to the answer. */
  write(chunk: Uint8Array): Uint8Array {
    let at = 0;
    while (at < chunk.length && this.#state !== "done") {
      const lf = chunk.indexOf(LF, at);
      if (this.#length === 0) this.#startsWithCr = chunk[at] === CR;
      this.#length += (lf < 0 ? chunk.length : lf) - at;
      if (lf < 0) return chunk;
      this.#lineEnd();
      at = lf + 1;
    }
    return chunk.subarray(0, at);
  }

  #lineEnd(): void {
    const blank = this.#length === 0 || (this.#length === 1 && this.#startsWithCr);
    this.#length = 0;
    if (this.#state === "body") this.#bodyLines--;
    else if (blank) this.#state = "body";
    if (this.#state === "body" && this.#bodyLines <= 0) this.#state = "done";
  }
}
