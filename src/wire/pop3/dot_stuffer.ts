import { CR, LF } from "../../core/bytes.ts";

const DOT = 46;

/**
 * Turns a message, chunk by chunk, into the lines of a multi-line response (RFC 1939 section 3): a dot at the start of a
 * line is doubled, a bare LF becomes CR LF, and the end gets its CR LF if it has none, and the final dot.
 *
 * A chunk that needs no change is passed on as it is, without a copy; most do not.
 */
export class DotStuffer {
  #lineStart = true;
  #afterCr = false;

  /** The bytes to send for this chunk: the chunk itself when nothing in it has to change. */
  write(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    const insertions = this.#insertions(chunk);
    this.#afterCr = chunk.at(-1) === CR;
    this.#lineStart = chunk.at(-1) === LF;
    return insertions.length === 0 ? chunk : inserted(chunk, insertions);
  }

  /** What ends the response. */
  finish(): Uint8Array {
    if (this.#lineStart) return Uint8Array.of(DOT, CR, LF);
    // A CR at the very end is the first half of the line end that the message lacks.
    return this.#afterCr ? Uint8Array.of(LF, DOT, CR, LF) : Uint8Array.of(CR, LF, DOT, CR, LF);
  }

  /** Where a byte has to be put in: before the dot that begins a line, before the LF that has no CR. */
  #insertions(chunk: Uint8Array): number[] {
    const at: number[] = [];
    if (this.#lineStart && chunk[0] === DOT) at.push(0);
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, lf + 1)) {
      const crBefore = lf === 0 ? this.#afterCr : chunk[lf - 1] === CR;
      if (!crBefore) at.push(lf);
      if (chunk[lf + 1] === DOT) at.push(lf + 1);
    }
    return at;
  }
}

/** The chunk with a dot put in before each dot, and a CR before each LF, at these places. */
function inserted(chunk: Uint8Array, places: readonly number[]): Uint8Array {
  const out = new Uint8Array(chunk.length + places.length);
  let from = 0;
  let to = 0;
  for (const place of places) {
    out.set(chunk.subarray(from, place), to);
    to += place - from;
    out[to++] = chunk[place] === LF ? CR : DOT;
    from = place;
  }
  out.set(chunk.subarray(from), to);
  return out;
}
