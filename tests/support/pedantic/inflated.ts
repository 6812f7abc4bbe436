import { constants, inflateRawSync } from "node:zlib";
import { concatBytes } from "../../../src/core/bytes.ts";
import { GrammarError } from "./scanner.ts";

/** A direction that is compressed (RFC 4978), made plain however its bytes come. What came is kept, so it is for short sessions. */
export class Inflated {
  #compressed: Uint8Array = new Uint8Array(0);
  /** So many plain bytes were given out. */
  #given = 0;

  /** The plain bytes that these make complete. */
  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes;
    this.#compressed = concatBytes([this.#compressed, bytes]);
    const plain = inflate(this.#compressed);
    const fresh = plain.subarray(this.#given);
    this.#given = plain.length;
    return fresh;
  }
}

function inflate(compressed: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(inflateRawSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH }));
  } catch (error) {
    throw new GrammarError(`What is compressed is broken: ${error}`);
  }
}
