import { CR, LF } from "../../core/bytes.ts";
import type { DataFlaw } from "./dot_reader.ts";

const NUL = 0;

/**
 * Looks for what `DotReader` refuses too, in text that comes with a count instead of a dot at its end (RFC 3030): without
 * BODY=BINARYMIME it is lines, and another program that passes it on by DATA must not find an end of line or of data in it
 * that we did not see.
 */
export class FlawScanner {
  #afterCr = false;
  #flaw: DataFlaw | null = null;

  /** The first flaw seen. A CR that is the last octet of the message is one only once `finish` was called. */
  get flaw(): DataFlaw | null {
    return this.#flaw;
  }

  push(chunk: Uint8Array): void {
    if (this.#flaw !== null) return;
    let afterCr = this.#afterCr;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      // Nearly every octet is none of the three.
      if (byte > CR && !afterCr) continue;
      if (afterCr !== (byte === LF)) {
        this.#flaw = afterCr ? "bare CR" : "bare LF";
        return;
      }
      afterCr = byte === CR;
      if (byte === NUL) {
        this.#flaw = "NUL";
        return;
      }
    }
    this.#afterCr = afterCr;
  }

  /** No more comes. */
  finish(): void {
    if (this.#afterCr) this.#flaw ??= "bare CR";
  }
}
