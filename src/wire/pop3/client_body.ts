import { concatBytes, CR, LF } from "../../core/bytes.ts";

type State =
  /** At the first byte of a line. */
  | "start"
  | "text"
  /** Behind a dot that began a line: it goes, or it is the end. */
  | "dot"
  | "dot-cr";

const DOT = 46;
const CR_BYTE = Uint8Array.of(CR);

export interface Unstuffed {
  readonly bytes: Uint8Array;
  /** Where in the chunk the response ended, behind its last line; null as long as it goes on. */
  readonly end: number | null;
}

/**
 * Takes a multi-line response apart as it comes (RFC 1939 section 3): takes the dots away that were put before dots, and finds
 * the line that ends it. Lines may end in LF alone, as some servers send them; they are not changed here.
 */
export class DotUnstuffer {
  #state: State = "start";

  write(chunk: Uint8Array): Unstuffed {
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length;) {
      const byte = chunk[at]!;
      switch (this.#state) {
        case "start":
          if (byte === DOT) {
            pieces.push(chunk.subarray(from, at));
            from = at + 1;
            this.#state = "dot";
            at++;
          } else this.#state = "text";
          break;
        case "text": {
          const end = chunk.indexOf(LF, at);
          if (end >= 0) this.#state = "start";
          at = end < 0 ? chunk.length : end + 1;
          break;
        }
        case "dot":
          if (byte === LF) return { bytes: concatBytes(pieces), end: at + 1 };
          if (byte === CR) {
            from = at + 1;
            this.#state = "dot-cr";
            at++;
          } else this.#state = "text";
          break;
        case "dot-cr":
          if (byte === LF) return { bytes: concatBytes(pieces), end: at + 1 };
          // It was a dot and a bare CR: the CR belongs to the text.
          pieces.push(CR_BYTE);
          from = at;
          this.#state = "text";
          break;
      }
    }
    if (pieces.length === 0 && from === 0) return { bytes: chunk, end: null };
    pieces.push(chunk.subarray(from));
    return { bytes: concatBytes(pieces), end: null };
  }
}
