import { concatBytes, decodeLatin1, LF } from "../../../src/core/bytes.ts";
import { GrammarError } from "./scanner.ts";

/** A status response, or a request to go on: its text may end in what looks like a literal. */
const NO_LITERALS = /^(?:\+|[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH) )/;
const NOTHING = new Uint8Array(0);

/** Cuts a server's bytes into responses, each with its literals and its CR LF, however the bytes come. */
export class Framing {
  #bytes: Uint8Array = NOTHING;
  /** How far the first response has been looked through. */
  #searched = 0;

  /** Something of a response has come, but not all of it. */
  get isInside(): boolean {
    return this.#bytes.length > 0;
  }

  push(bytes: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : concatBytes([this.#bytes, bytes]);
  }

  /** What is no whole response yet; it is somebody else's now. */
  takeRest(): Uint8Array {
    const rest = this.#bytes;
    this.#bytes = NOTHING;
    this.#searched = 0;
    return rest;
  }

  /** The next whole response; null when there is none. */
  next(): Uint8Array | null {
    for (;;) {
      const lf = this.#bytes.indexOf(LF, this.#searched);
      if (lf < 0) return null;
      const line = decodeLatin1(this.#bytes.subarray(this.#searched, lf + 1));
      if (!line.endsWith("\r\n")) {
        throw new GrammarError(`A line that ends in LF only: ${JSON.stringify(line)}`);
      }
      const isFirst = this.#searched === 0;
      const size = isFirst && NO_LITERALS.test(line) ? null : /\{(\d+)\}\r\n$/.exec(line)?.[1] ?? null;
      if (size === null) {
        const response = this.#bytes.subarray(0, lf + 1);
        this.#bytes = this.#bytes.subarray(lf + 1);
        this.#searched = 0;
        return response;
      }
      const next = lf + 1 + Number(size);
      if (next > this.#bytes.length) return null;
      this.#searched = next;
    }
  }
}
