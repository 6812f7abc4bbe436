import { concatBytes, CR, LF } from "../core/bytes.ts";

const CR_LF = Uint8Array.of(CR, LF);

/**
 * Every line of a message ends in CR LF from here on (RFC 5322 section 2.2): a bare CR or LF, sent on by a rule of the account, could
 * be taken for the end of the message by the next host.
 */
export async function* withLineEnds(raw: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let afterCr = false;
  for await (const chunk of raw) {
    if (chunk.length === 0) continue;
    const { bytes, endsInCr } = mended(chunk, afterCr);
    afterCr = endsInCr;
    if (bytes.length > 0) yield bytes;
  }
  if (afterCr) yield CR_LF;
}

/** A CR at the very end waits for what follows it. */
function mended(chunk: Uint8Array, afterCr: boolean): { bytes: Uint8Array; endsInCr: boolean } {
  const pieces: Uint8Array[] = [];
  let from = 0;
  if (afterCr) {
    pieces.push(CR_LF);
    if (chunk[0] === LF) from = 1;
  }
  for (let at = from; at < chunk.length; at++) {
    const byte = chunk[at];
    if (byte === LF) {
      pieces.push(chunk.subarray(from, at), CR_LF);
      from = at + 1;
    } else if (byte === CR) {
      if (at + 1 === chunk.length) {
        pieces.push(chunk.subarray(from, at));
        return { bytes: concatBytes(pieces), endsInCr: true };
      }
      if (chunk[at + 1] === LF) at++;
      else {
        pieces.push(chunk.subarray(from, at), CR_LF);
        from = at + 1;
      }
    }
  }
  if (pieces.length === 0) return { bytes: chunk, endsInCr: false };
  pieces.push(chunk.subarray(from));
  return { bytes: concatBytes(pieces), endsInCr: false };
}
