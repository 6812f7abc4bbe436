import { concatBytes, CR, LF } from "../../core/bytes.ts";

/**
 * The message with CR LF at the end of every line, a bare CR or LF included, and of the last one: what BDAT carries unless it is
 * BINARYMIME (RFC 3030 section 3). A chunk that needs no change is handed on as it is.
 */
export async function* withCrlf(
  message: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let previous = LF;
  for await (const chunk of message) {
    const pieces: Uint8Array[] = [];
    let sent = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      const missing = previous === CR && byte !== LF ? LF : previous !== CR && byte === LF ? CR : null;
      if (missing !== null) {
        pieces.push(chunk.subarray(sent, at), Uint8Array.of(missing));
        sent = at;
      }
      previous = byte;
    }
    yield pieces.length === 0 ? chunk : concatBytes([...pieces, chunk.subarray(sent)]);
  }
  if (previous !== LF) yield previous === CR ? Uint8Array.of(LF) : Uint8Array.of(CR, LF);
}
