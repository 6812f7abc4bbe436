/** How two texts are compared (RFC 4790); the names are those of Sieve's `:comparator` (RFC 5228 section 2.7.3). */
import { toNfkd } from "../../../core/unicode.ts";
import { toUpperAscii } from "./ascii_case.ts";

export interface Comparator {
  readonly name: string;
  /** What a script must require to use it; null for what is always there. */
  readonly requires: string | null;
  /** Whether it can look into a text (`:contains`, `:matches`). */
  readonly hasSubstrings: boolean;
  /** What `?` stands for (RFC 5228 section 2.7.1). */
  readonly unit: "octet" | "character";
  /** Texts with the same form are equal. */
  fold(text: string): string;
  /** Of two folded texts: below zero, zero or above, as `a` sorts before, like or behind `b`. */
  order(a: string, b: string): number;
}

const octet: Comparator = {
  name: "i;octet",
  requires: null,
  hasSubstrings: true,
  unit: "octet",
  fold: (text) => text,
  order: byCodePoints,
};

/** RFC 4790 section 9.2: to upper case, so that `_` comes behind the letters. */
const asciiCasemap: Comparator = {
  name: "i;ascii-casemap",
  requires: null,
  hasSubstrings: true,
  unit: "octet",
  fold: toUpperAscii,
  order: byCodePoints,
};

/** RFC 5051: letters of any script, whatever their case. */
const unicodeCasemap: Comparator = {
  name: "i;unicode-casemap",
  requires: "comparator-i;unicode-casemap",
  hasSubstrings: true,
  unit: "character",
  fold: (text) => toNfkd(text.toUpperCase()),
  order: byCodePoints,
};

/** RFC 4790 section 9.1: the number at the start; all texts without one are equal, and more than every number. */
const asciiNumeric: Comparator = {
  name: "i;ascii-numeric",
  requires: "comparator-i;ascii-numeric",
  hasSubstrings: false,
  unit: "octet",
  fold: digitsOf,
  order(a, b) {
    if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
    return a.length - b.length || byCodePoints(a, b);
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

/** Without leading zeros; empty when the text does not begin with a digit. */
function digitsOf(text: string): string {
  let end = 0;
  while (end < text.length && text[end]! >= "0" && text[end]! <= "9") end++;
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
