/** As many marks on one letter as UAX #15 section 13 (Stream-Safe Text Format) lets stand together. */
const TOO_MANY_MARKS = /(?:(?!\u034f)\p{M}){30}(?!\u034f)/gu;
const GRAPHEME_JOINER = "\u034f";

/**
 * Takes letters apart into what they are made of, and brings letters that only look different (ﬁ, full width) to one form: NFKD,
 * in a time that grows with the text's length only, as `toNfc` does it.
 */
export function toNfkd(text: string): string {
  return text.replace(TOO_MANY_MARKS, `$&${GRAPHEME_JOINER}`).normalize("NFKD");
}

/**
 * Brings text to NFC, in a time that grows with its length only. By itself `normalize` sorts the marks on one letter in
 * quadratic time, seconds for 64 KiB of nothing but marks; so a joiner, which no mark passes, is put after each thirty of
 * them. No language needs half as many.
 */
export function toNfc(text: string): string {
  return text.replace(TOO_MANY_MARKS, `$&${GRAPHEME_JOINER}`).normalize("NFC");
}
