/**
 * Flags of a message as the stores keep them: the five system flags as bits, keywords as one text. Keywords compare
 * without case (RFC 3501 section 2.3.2); the spelling a message first got is kept.
 */
import { Refusal } from "../core/errors.ts";
import type { FlagChange, KeptFlags } from "./mod.ts";

export const SEEN = 1;
export const ANSWERED = 2;
export const FLAGGED = 4;
export const DELETED = 8;
export const DRAFT = 16;

const SYSTEM_FLAGS: readonly string[] = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"];
const SYSTEM_BITS: ReadonlyMap<string, number> = new Map(
  SYSTEM_FLAGS.map((flag, place) => [flag.toLowerCase(), 1 << place]),
);
/** The lists for each combination of system flags: nearly every message has one of these. */
const BIT_LISTS: readonly (readonly string[])[] = Array.from(
  { length: 32 },
  (_, bits) => Object.freeze(SYSTEM_FLAGS.filter((_, place) => (bits & (1 << place)) !== 0)),
);

/** An atom (RFC 3501 section 9) without `\`. */
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,100}$/;
const MAX_KEYWORDS = 64;

export interface FlagSet {
  readonly bits: number;
  /** Sorted without case, separated by one space; empty when there is none. */
  readonly keywords: string;
}

/** Reads a list of flags. `\Recent` and system flags that nobody knows are left out: they cannot be stored. */
export function parseFlags(flags: readonly string[]): FlagSet {
  let bits = 0;
  const keywords = new Map<string, string>();
  for (const flag of flags) {
    if (flag.startsWith("\\")) bits |= SYSTEM_BITS.get(flag.toLowerCase()) ?? 0;
    else addKeyword(keywords, flag);
  }
  return { bits, keywords: joinKeywords(keywords) };
}

/** The flags as sessions show them: system flags first, then keywords. */
export function listFlags(bits: number, keywords: string): readonly string[] {
  const system = BIT_LISTS[bits & 31]!;
  return keywords === "" ? system : [...system, ...keywords.split(" ")];
}

/** The system flags that come along with a copied message. */
export function keptBits({ seen, deleted, others }: KeptFlags): number {
  return (seen ? SEEN : 0) | (deleted ? DELETED : 0) | (others ? ANSWERED | FLAGGED | DRAFT : 0);
}

/** A change of flags, read once and then applied to many messages. */
export interface ParsedChange {
  readonly kind: FlagChange["kind"];
  readonly flags: FlagSet;
}

export function parseChange(change: FlagChange): ParsedChange {
  return { kind: change.kind, flags: parseFlags(change.flags) };
}

export function applyChange(current: FlagSet, change: ParsedChange): FlagSet {
  const { bits, keywords } = change.flags;
  switch (change.kind) {
    case "set":
      return { bits, keywords: respell(keywords, current.keywords) };
    case "add":
      return { bits: current.bits | bits, keywords: addKeywords(current.keywords, keywords) };
    case "remove":
      return { bits: current.bits & ~bits, keywords: removeKeywords(current.keywords, keywords) };
  }
}

/** The bit of a system flag, 0 for one that nobody knows; null for a keyword. */
export function flagBit(flag: string): number | null {
  return flag.startsWith("\\") ? SYSTEM_BITS.get(flag.toLowerCase()) ?? 0 : null;
}

/** The test that the search key `flag` stands for. */
export function flagTest(flag: string): (bits: number, keywords: string) => boolean {
  const bit = flagBit(flag);
  if (bit !== null) return (bits) => (bits & bit) !== 0;
  const name = flag.toLowerCase();
  return (_, keywords) => keywords !== "" && keywords.toLowerCase().split(" ").includes(name);
}

/** The distinct keywords of many messages, sorted without case. */
export function uniteKeywords(texts: Iterable<string>): string[] {
  const united = new Map<string, string>();
  for (const text of texts) {
    for (const keyword of splitKeywords(text)) {
      const key = keyword.toLowerCase();
      const known = united.get(key);
      if (known === undefined || keyword < known) united.set(key, keyword);
    }
  }
  return sortedKeywords(united);
}

function splitKeywords(text: string): string[] {
  return text === "" ? [] : text.split(" ");
}

function keywordMap(text: string): Map<string, string> {
  return new Map(splitKeywords(text).map((keyword) => [keyword.toLowerCase(), keyword]));
}

function addKeyword(keywords: Map<string, string>, keyword: string): void {
  if (!KEYWORD.test(keyword)) throw Refusal.of(554, "5.6.0", "That is not a keyword");
  const key = keyword.toLowerCase();
  if (!keywords.has(key)) keywords.set(key, keyword);
}

function sortedKeywords(keywords: Map<string, string>): string[] {
  return [...keywords].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, keyword]) => keyword);
}

function joinKeywords(keywords: Map<string, string>): string {
  if (keywords.size > MAX_KEYWORDS) {
    throw Refusal.of(552, "5.2.0", `A message can have at most ${MAX_KEYWORDS} keywords`);
  }
  return sortedKeywords(keywords).join(" ");
}

function addKeywords(current: string, added: string): string {
  if (added === "") return current;
  const keywords = keywordMap(current);
  for (const keyword of splitKeywords(added)) addKeyword(keywords, keyword);
  return joinKeywords(keywords);
}

function removeKeywords(current: string, removed: string): string {
  if (removed === "" || current === "") return current;
  const gone = keywordMap(removed);
  return splitKeywords(current).filter((keyword) => !gone.has(keyword.toLowerCase())).join(" ");
}

/** Keeps the spelling that the message already has. */
function respell(keywords: string, known: string): string {
  if (keywords === "" || known === "") return keywords;
  const spelling = keywordMap(known);
  return splitKeywords(keywords).map((keyword) => spelling.get(keyword.toLowerCase()) ?? keyword).join(" ");
}
