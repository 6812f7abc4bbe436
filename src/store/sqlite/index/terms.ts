/** From folded texts to what the index's tables are asked for. */

/** The letters of one group. */
const GRAM = 3;
/** Groups asked for at once; a longer text is represented by so many, spread over it. */
const MAX_GRAMS = 24;
const LONGEST_WORD = 24;
const WORD = new RegExp(`[\\p{L}\\p{N}\\p{M}]{${GRAM},${LONGEST_WORD}}`, "gu");
const ONE_WORD = new RegExp(`^[\\p{L}\\p{N}\\p{M}]{${GRAM},${LONGEST_WORD}}$`, "u");
const DIGIT = /[0-9]/;
/** A longer word with a digit is an id or a piece of a key: nobody's common word. */
const LONGEST_WITH_DIGIT = 8;

/** Where a word stands: it is the first letter of its term. */
export type WordPlace = "b" | "h";

/** The words of a text, each once, as terms separated by spaces. */
export function wordTerms(place: WordPlace, text: string): string {
  let terms = "";
  for (const word of new Set(text.match(WORD))) {
    if (word.length > LONGEST_WITH_DIGIT && DIGIT.test(word)) continue;
    terms += `${place}${word} `;
  }
  return terms;
}

/** A query for words that begin with the text; null when it is not (the beginning of) a single word. */
export function wordQuery(place: WordPlace, needle: string): string | null {
  return ONE_WORD.test(needle) ? `"${place}${needle}"*` : null;
}

/** A query for texts with all groups of three letters of this one; null when it is too short, or cannot stand in the index. */
export function gramQuery(needle: string): string | null {
  if (!isStorable(needle)) return null;
  const letters = Array.from(needle);
  const count = letters.length - GRAM + 1;
  if (count < 1) return null;
  const wanted = Math.min(count, MAX_GRAMS);
  const grams = new Set<string>();
  for (let i = 0; i < wanted; i++) {
    const at = wanted === 1 ? 0 : Math.round(i * (count - 1) / (wanted - 1));
    grams.add(letters.slice(at, at + GRAM).join(""));
  }
  return Array.from(grams, (gram) => `"${gram.replaceAll('"', '""')}"`).join(" ");
}

/** Whether it stands in the index as it is, and can stand nowhere where it does not stand in the text. */
export function isStorable(needle: string): boolean {
  return needle.isWellFormed() && !needle.includes("\0") && !needle.includes("\ufffd");
}
