import { isDigit } from "./chars.ts";
import type { Decoder } from "./decoder.ts";

/** 2^63 - 1 (RFC 7162 section 7). */
const GREATEST = 9_223_372_036_854_775_807n;

/**
 * A mod-sequence, 0 allowed. It may have 63 bits; what is beyond the exact numbers here is beyond any that we gave, too, so it
 * becomes the greatest of those.
 */
export function decodeModseq(decoder: Decoder): number {
  return decodeNumber64(decoder, "a mod-sequence");
}

/** RFC 9051 section 9 `number64`, under the same conditions. */
export function decodeNumber64(decoder: Decoder, what: string): number {
  const digits = decoder.tryRun(isDigit) ?? decoder.fail(what);
  // Twenty digits are enough to see that it is too large; no long text is turned into a number.
  if (digits.length > 20 || BigInt(digits) > GREATEST) decoder.fail(`${what} of at most 63 bits`);
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** A mod-sequence that is not 0. */
export function decodePositiveModseq(decoder: Decoder): number {
  const modseq = decodeModseq(decoder);
  return modseq === 0 ? decoder.fail("a mod-sequence greater than zero") : modseq;
}
