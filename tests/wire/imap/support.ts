import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { Decoder, Encoder, type Segment } from "../../../src/wire/imap/mod.ts";

/**
 * A decoder over text in which `{n}` before a line end announces a literal, as on the wire. Characters above U+007F
 * become UTF-8.
 */
export function decoderOf(text: string): Decoder {
  return new Decoder(segmentsOf(text));
}

export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  let rest = decodeLatin1(encodeUtf8(text));
  for (;;) {
    const match = /\{(\d+)\+?\}\r\n/.exec(rest);
    if (match === null) return [...segments, { text: encodeLatin1(rest), literal: null }];
    const start = match.index + match[0].length;
    const end = start + Number(match[1]);
    segments.push({
      text: encodeLatin1(rest.slice(0, match.index)),
      literal: encodeLatin1(rest.slice(start, end)),
    });
    rest = rest.slice(end);
  }
}

export function encoded(write: (encoder: Encoder) => void): string {
  const encoder = new Encoder();
  write(encoder);
  return decodeUtf8(encoder.take());
}
