/** Decoded text: at once for what is small, as a stream of pieces for what may be large. */
import { decodeCharset, openCharset } from "./charset.ts";
import { decodeContent, openTransfer } from "./transfer.ts";

/** The encoding and charset of a text part. */
export interface TextCoding {
  readonly encoding: string;
  /** The `charset` parameter; null when there is none. */
  readonly charset: string | null;
}

/** Undoes transfer encoding and charset; never throws, whatever the names and the bytes are. */
export function decodeText(bytes: Uint8Array, encoding: string, charset: string | null): string {
  return decodeCharset(decodeContent(bytes, encoding), charset);
}

/**
 * The same for a body that comes in pieces: yields the text piece by piece and holds no more than one piece and
 * an unfinished character. A caller that searches must look across the seams itself.
 */
export async function* decodeTextStream(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  coding: TextCoding,
): AsyncGenerator<string, void, undefined> {
  const transfer = openTransfer(coding.encoding);
  const charset = openCharset(coding.charset);
  for await (const piece of body) {
    const text = charset.push(transfer.push(piece));
    if (text !== "") yield text;
  }
  const rest = charset.push(transfer.end()) + charset.end();
  if (rest !== "") yield rest;
}
