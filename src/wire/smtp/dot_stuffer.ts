import { concatBytes, CR, LF } from "../../core/bytes.ts";

const DOT = 46;

const LINE_START = 0;
const TEXT = 1;
const TEXT_CR = 2;

const DOT_BYTE = Uint8Array.of(DOT);
const CR_BYTE = Uint8Array.of(CR);
const LF_BYTE = Uint8Array.of(LF);

/**
 * Puts a message on the wire (RFC 5321 section 4.5.2): a line that begins with a dot gets another one, and the data ends with
 * CR LF . CR LF, once. A CR or LF that stands alone becomes CR LF, so that whatever we send can never smuggle a command
 * past a server that is less strict than ours.
 */
export class DotStuffer {
  #state = LINE_START;

  /** The bytes to send for `chunk`; it is `chunk` itself where nothing has to be put in. */
  push(chunk: Uint8Array): Uint8Array {
    const pieces: Uint8Array[] = [];
    let state = this.#state;
    let sent = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      let insert: Uint8Array | null = null;
      if (state === TEXT_CR && byte !== LF) {
        insert = LF_BYTE;
        state = LINE_START;
      } else if (state !== TEXT_CR && byte === LF) insert = CR_BYTE;
      if (state === LINE_START && byte === DOT) {
        insert = insert === null ? DOT_BYTE : concatBytes([insert, DOT_BYTE]);
      }
      if (insert !== null) {
        pieces.push(chunk.subarray(sent, at), insert);
        sent = at;
      }
      state = byte === LF ? LINE_START : byte === CR ? TEXT_CR : TEXT;
    }
    this.#state = state;
    if (pieces.length === 0) return chunk;
    pieces.push(chunk.subarray(sent));
    return concatBytes(pieces);
  }

  /** What ends the data, with the CR LF that the last line lacks. */
  finish(): Uint8Array {
    const lineEnd = this.#state === LINE_START ? "" : this.#state === TEXT_CR ? "\n" : "\r\n";
    return new TextEncoder().encode(`${lineEnd}.\r\n`);
  }
}

/** Stuffs a whole message as it streams by, up to and including the final dot. */
export async function* dotStuff(
  message: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const stuffer = new DotStuffer();
  for await (const chunk of message) yield stuffer.push(chunk);
  yield stuffer.finish();
}
