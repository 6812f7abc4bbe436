import type { Decoder } from "./decoder.ts";

/** The name of the algorithm, in capitals (RFC 4978 section 3). */
export function decodeCompress(decoder: Decoder): string {
  decoder.expectSpace();
  const algorithm = decoder.expectKeyword("the name of an algorithm");
  decoder.expectEnd();
  return algorithm;
}
