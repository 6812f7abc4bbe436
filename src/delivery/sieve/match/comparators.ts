/** How two texts are compared (RFC 4790); the names are those of Sieve's `:comparator` (RFC 5228 section 2.7.3). */
import { toNfkd } from "../../../core/unicode.ts";

export interface Comparator {
  readonly name: string;
  /** What a script must require to use it; null for what is always there. */
  readonly requires: string | null;
  /** Whether it can look into a text (`:contains`, `:matches`). */
  readonly hasSubstrings: boolean;
  /** Texts with the same form are equal. */
  fold(text: string): string;
  /** Below zero, zero or above, as `a` sorts before, like or behind `b`. */
  order(a: string, b: string): number;
}

const octet: Comparator = {
  name: "i;octet",
  requires: null,
  hasSubstrings: true,
  fold: (text) => text,
  order: byCodePoints,
};

const asciiCasemap: Comparator = {
  name: "i;ascii-casemap",
  requires: null,
  hasSubstrings: true,
  fold: foldAscii,
  order: (a, b) => byCodePoints(foldAscii(a), foldAscii(b)),
};

/** RFC 5051: letters of any script, whatever their case. */
const unicodeCasemap: Comparator = {
  name: "i;unicode-casemap",
  requires: "comparator-i;unicode-casemap",
  hasSubstrings: true,
  fold: foldUnicode,
  order: (a, b) => byCodePoints(foldUnicode(a), foldUnicode(b)),
};

/** RFC 4790 section 9.1: the digits at the start; a text without any is more than every number. */
const asciiNumeric: Comparator = {
  name: "i;ascii-numeric",
  requires: "comparator-i;ascii-numeric",
  hasSubstrings: false,
  fold: (text) => digitsOf(text) ?? "",
  order(a, b) {
    const [left, right] = [digitsOf(a), digitsOf(b)];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return left.length - right.length || byCodePoints(left, right);
  },
};

export const DEFAULT_COMPARATOR = asciiCasemap;
export const NUMERIC_COMPARATOR = asciiNumeric;

const COMPARATORS: ReadonlyMap<string, Comparator> = new Map(
  [octet, asciiCasemap, unicodeCasemap, asciiNumeric].map((comparator) => [comparator.name, comparator]),
);

export function findComparator(name: string): Comparator | null {
  return COMPARATORS.get(name) ?? null;
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function foldUnicode(text: string): string {
  return toNfkd(text.toUpperCase());
}

/** Without leading zeros; null when the text does not begin with a digit. */
function digitsOf(text: string): string | null {
  let end = 0;
  while (end < text.length && text[end]! >= "0" && text[end]! <= "9") end++;
  if (end === 0) return null;
  let start = 0;
  while (start < end - 1 && text[start] === "0") start++;
  return text.slice(start, end);
}

/** As UTF-8 bytes would sort, which is not how UTF-16 does. */
function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    const isSurrogate = (code: number) => code >= 0xd800 && code <= 0xdfff;
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}
