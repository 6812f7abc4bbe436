/** Line ends: CR LF in the store, LF in the files of a mail folder. */
import { CR, LF } from "../../core/bytes.ts";

/** A bare LF becomes CR LF; chunk by chunk. */
export class ToCrlf {
  #afterCr = false;

  write(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    const places: number[] = [];
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, lf + 1)) {
      if (!(lf === 0 ? this.#afterCr : chunk[lf - 1] === CR)) places.push(lf);
    }
    this.#afterCr = chunk.at(-1) === CR;
    return places.length === 0 ? chunk : withCr(chunk, places);
  }
}

function withCr(chunk: Uint8Array, places: readonly number[]): Uint8Array {
  const out = new Uint8Array(chunk.length + places.length);
  let from = 0;
  let to = 0;
  for (const place of places) {
    out.set(chunk.subarray(from, place), to);
    to += place - from;
    out[to++] = CR;
    from = place;
  }
  out.set(chunk.subarray(from), to);
  return out;
}

/** CR LF becomes LF; a CR elsewhere stays. */
export class ToLf {
  #heldCr = false;

  write(chunk: Uint8Array): Uint8Array {
    const out = new Uint8Array(chunk.length + 1);
    let length = 0;
    let from = 0;
    if (this.#heldCr && chunk.length > 0) {
      if (chunk[0] !== LF) out[length++] = CR;
      this.#heldCr = false;
    }
    for (let cr = chunk.indexOf(CR); cr >= 0; cr = chunk.indexOf(CR, cr + 1)) {
      const isLast = cr === chunk.length - 1;
      if (!isLast && chunk[cr + 1] !== LF) continue;
      out.set(chunk.subarray(from, cr), length);
      length += cr - from;
      from = cr + 1;
      this.#heldCr = isLast;
    }
    out.set(chunk.subarray(from), length);
    return out.subarray(0, length + chunk.length - from);
  }

  finish(): Uint8Array {
    return this.#heldCr ? Uint8Array.of(CR) : new Uint8Array(0);
  }
}

/** Whether a line ends in LF alone, or in CR CR LF: then the LF form of the message could not be turned back. */
export class OddEndFinder {
  /** The last two bytes. */
  #before: readonly [number, number] = [0, 0];
  found = false;

  write(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.found) return;
    const at = (place: number) => place < 0 ? this.#before[place + 2] : chunk[place];
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, lf + 1)) {
      if (at(lf - 1) !== CR || at(lf - 2) === CR) {
        this.found = true;
        return;
      }
    }
    this.#before = [at(chunk.length - 2)!, at(chunk.length - 1)!];
  }
}
