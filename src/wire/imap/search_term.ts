import { decodeLatin1, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { CLOSE, DOLLAR, isDigit, MINUS, OPEN, QUOTE, STAR_SIGN } from "./chars.ts";
import { decodeDay } from "./date_time.ts";
import type { Decoder } from "./decoder.ts";
import { decodeModseq, decodeNumber64 } from "./modseq.ts";
import { decodeSequenceSet, type SequenceSet } from "./sequence_set.ts";

/** A search key as it was asked; what depends on the mailbox (sequence numbers, \\Recent) is still unresolved. */
export type SearchTerm =
  | { readonly kind: "all" }
  | { readonly kind: "recent" | "saveDateSupported" }
  | { readonly kind: "and" | "or"; readonly terms: readonly SearchTerm[] }
  | { readonly kind: "not" | "fuzzy"; readonly term: SearchTerm }
  | { readonly kind: "sequence" | "uid"; readonly set: SequenceSet }
  /** UIDs between two, both included; none where the first is above the second. */
  | { readonly kind: "uidRange"; readonly range: readonly [from: number, to: number] }
  | { readonly kind: "flag"; readonly flag: string }
  | {
    readonly kind: "internalDate" | "sentDate" | "savedDate";
    readonly test: "before" | "on" | "since";
    readonly day: number;
  }
  /** By the time that has passed since the internal date (RFC 5032). */
  | { readonly kind: "within"; readonly test: "older" | "younger"; readonly seconds: number }
  | { readonly kind: "larger" | "smaller"; readonly bytes: number }
  | { readonly kind: "header"; readonly field: string; readonly text: string }
  | { readonly kind: "body" | "text"; readonly text: string }
  | { readonly kind: "modseq"; readonly atLeast: number }
  | { readonly kind: "emailId" | "threadId"; readonly id: string };

/**
 * Not in the configuration: what a search costs is bounded by its time (`limits: imap: search_time`); this bounds only what one
 * command line can make of memory.
 */
const MAX_TERMS = 1000;

/** An operator that waits for its operands; a group (or the whole search) waits for its end. */
interface Frame {
  readonly kind: "whole" | "group" | "not" | "or" | "fuzzy";
  readonly terms: SearchTerm[];
}

/** How the texts to search for are read, which depends on their charset. */
export type TextReader = (decoder: Decoder) => string;

/** A stack in place of recursion: the depth of the input is only a number here, and bounded by the decoder. */
export function decodeSearchTerm(decoder: Decoder, readText: TextReader = readUtf8): SearchTerm {
  const stack: Frame[] = [{ kind: "whole", terms: [] }];
  for (let count = 0; count < MAX_TERMS; count++) {
    const kind = decodeOperator(decoder);
    if (kind !== null) {
      decoder.enter();
      stack.push({ kind, terms: [] });
      continue;
    }
    const whole = place(decoder, stack, decodeLeaf(decoder, readText));
    if (whole !== null) return whole;
  }
  throw new ProtocolError(`More than ${MAX_TERMS} keys in one search`);
}

function decodeOperator(decoder: Decoder): Frame["kind"] | null {
  if (decoder.tryByte(OPEN)) return "group";
  for (const [word, kind] of OPERATORS) {
    if (!decoder.tryKeyword(word)) continue;
    decoder.expectSpace();
    return kind;
  }
  return null;
}

/** FUZZY: RFC 6203 section 3. */
const OPERATORS = [["NOT", "not"], ["OR", "or"], ["FUZZY", "fuzzy"]] as const;

/** Gives a term to the operator that waits for it, closes what became complete, and returns the whole when all is. */
function place(decoder: Decoder, stack: Frame[], leaf: SearchTerm): SearchTerm | null {
  let term = leaf;
  for (;;) {
    const top = stack.at(-1)!;
    top.terms.push(term);
    if (top.kind === "whole" && decoder.atEnd) return all(top.terms);
    if (!isComplete(decoder, top)) {
      decoder.expectSpace();
      return null;
    }
    stack.pop();
    decoder.leave();
    term = combine(top);
  }
}

function isComplete(decoder: Decoder, frame: Frame): boolean {
  switch (frame.kind) {
    case "not":
    case "fuzzy":
      return true;
    case "or":
      return frame.terms.length === 2;
    case "group":
      return decoder.tryByte(CLOSE);
    case "whole":
      return false;
  }
}

function combine(frame: Frame): SearchTerm {
  if (frame.kind === "not" || frame.kind === "fuzzy") return { kind: frame.kind, term: frame.terms[0]! };
  if (frame.kind === "or") return { kind: "or", terms: frame.terms };
  return all(frame.terms);
}

function all(terms: readonly SearchTerm[]): SearchTerm {
  return terms.length === 1 ? terms[0]! : { kind: "and", terms };
}

const FLAGS: ReadonlyMap<string, string> = new Map([
  ["ANSWERED", "\\Answered"],
  ["DELETED", "\\Deleted"],
  ["DRAFT", "\\Draft"],
  ["FLAGGED", "\\Flagged"],
  ["SEEN", "\\Seen"],
]);
const UID_MAX = 0xffff_ffff;
const HEADERS: ReadonlySet<string> = new Set(["BCC", "CC", "FROM", "SUBJECT", "TO"]);
const DATES: ReadonlyMap<string, "before" | "on" | "since"> = new Map([
  ["BEFORE", "before"],
  ["ON", "on"],
  ["SINCE", "since"],
]);
/** SAVED: RFC 8514 section 4.3. */
const DATE_KINDS = [["", "internalDate"], ["SENT", "sentDate"], ["SAVED", "savedDate"]] as const;
const RECENT: SearchTerm = { kind: "recent" };
const NOT_RECENT: SearchTerm = { kind: "not", term: RECENT };

function decodeLeaf(decoder: Decoder, readText: TextReader): SearchTerm {
  if (isDigit(decoder.next) || decoder.next === STAR_SIGN || decoder.next === DOLLAR) {
    return { kind: "sequence", set: decodeSequenceSet(decoder) };
  }
  const word = decoder.expectKeyword("a search key");
  return withoutArgument(word) ?? withArgument(decoder, word, readText);
}

function withoutArgument(word: string): SearchTerm | null {
  const flag = FLAGS.get(word);
  if (flag !== undefined) return { kind: "flag", flag };
  const absent = word.startsWith("UN") ? FLAGS.get(word.slice(2)) : undefined;
  if (absent !== undefined) return { kind: "not", term: { kind: "flag", flag: absent } };
  switch (word) {
    case "ALL":
      return { kind: "all" };
    case "SAVEDATESUPPORTED":
      return { kind: "saveDateSupported" };
    case "RECENT":
      return RECENT;
    case "OLD":
      return NOT_RECENT;
    case "NEW":
      return all([RECENT, { kind: "not", term: { kind: "flag", flag: "\\Seen" } }]);
    default:
      return null;
  }
}

function withArgument(decoder: Decoder, word: string, readText: TextReader): SearchTerm {
  for (const [prefix, kind] of DATE_KINDS) {
    const test = word.startsWith(prefix) ? DATES.get(word.slice(prefix.length)) : undefined;
    if (test === undefined) continue;
    decoder.expectSpace();
    return { kind, test, day: decodeDay(decoder) };
  }
  if (HEADERS.has(word)) {
    decoder.expectSpace();
    return { kind: "header", field: word.toLowerCase(), text: readText(decoder) };
  }
  const decode = OTHERS.get(word);
  if (decode === undefined) throw new ProtocolError("No such search key");
  decoder.expectSpace();
  return decode(decoder, readText);
}

const OTHERS: ReadonlyMap<string, (decoder: Decoder, readText: TextReader) => SearchTerm> = new Map([
  [
    "BODY",
    (decoder: Decoder, readText: TextReader): SearchTerm => ({ kind: "body", text: readText(decoder) }),
  ],
  [
    "TEXT",
    (decoder: Decoder, readText: TextReader): SearchTerm => ({ kind: "text", text: readText(decoder) }),
  ],
  ["HEADER", decodeHeader],
  ["KEYWORD", (decoder: Decoder): SearchTerm => ({ kind: "flag", flag: decoder.expectAtom("a keyword") })],
  ["UNKEYWORD", (decoder: Decoder): SearchTerm => ({
    kind: "not",
    term: { kind: "flag", flag: decoder.expectAtom("a keyword") },
  })],
  [
    "LARGER",
    (decoder: Decoder): SearchTerm => ({ kind: "larger", bytes: decodeNumber64(decoder, "a size") }),
  ],
  [
    "SMALLER",
    (decoder: Decoder): SearchTerm => ({ kind: "smaller", bytes: decodeNumber64(decoder, "a size") }),
  ],
  ["OLDER", (decoder: Decoder): SearchTerm => decodeWithin(decoder, "older")],
  ["YOUNGER", (decoder: Decoder): SearchTerm => decodeWithin(decoder, "younger")],
  ["MODSEQ", decodeModseqKey],
  ["EMAILID", (decoder: Decoder): SearchTerm => ({ kind: "emailId", id: decodeObjectId(decoder) })],
  ["THREADID", (decoder: Decoder): SearchTerm => ({ kind: "threadId", id: decodeObjectId(decoder) })],
  ["UID", (decoder: Decoder): SearchTerm => ({ kind: "uid", set: decodeSequenceSet(decoder) })],
  // RFC 9738 section 3.4: without the one that is named, which `5:*` and `1:5` have.
  [
    "UIDAFTER",
    (decoder: Decoder): SearchTerm => ({ kind: "uidRange", range: [decoder.expectNonZero() + 1, UID_MAX] }),
  ],
  [
    "UIDBEFORE",
    (decoder: Decoder): SearchTerm => ({ kind: "uidRange", range: [1, decoder.expectNonZero() - 1] }),
  ],
]);

function decodeHeader(decoder: Decoder, readText: TextReader): SearchTerm {
  const field = decodeLatin1(decoder.expectAstring("a header field name")).toLowerCase();
  decoder.expectSpace();
  return { kind: "header", field, text: readText(decoder) };
}

/** RFC 5032 section 3. */
function decodeWithin(decoder: Decoder, test: "older" | "younger"): SearchTerm {
  return { kind: "within", test, seconds: decoder.expectNonZero() };
}

/** RFC 7162 section 3.1.5. All metadata of a message share one modseq here, so the entry's name does not matter. */
function decodeModseqKey(decoder: Decoder): SearchTerm {
  if (decoder.next === QUOTE) {
    decoder.expectString();
    decoder.expectSpace();
    const type = decoder.expectKeyword("a kind of entry");
    if (!["PRIV", "SHARED", "ALL"].includes(type)) throw new ProtocolError("Name priv, shared or all");
    decoder.expectSpace();
  }
  return { kind: "modseq", atLeast: decodeModseq(decoder) };
}

/** RFC 8474 section 7 `objectid`. */
function decodeObjectId(decoder: Decoder): string {
  const id = decoder.tryRun(isObjectIdChar) ?? decoder.fail("an object id");
  return id.length <= MAX_OBJECT_ID ? id : decoder.fail("an object id of at most 255 characters before this");
}

const MAX_OBJECT_ID = 255;

function isObjectIdChar(byte: number): boolean {
  const letter = byte | 32;
  return isDigit(byte) || (letter >= 97 && letter <= 122) || byte === UNDERSCORE || byte === MINUS;
}

const UNDERSCORE = 95;

/** Both charsets that we know are UTF-8; clients that name none send it too. */
function readUtf8(decoder: Decoder): string {
  const text = tryDecodeUtf8(decoder.expectAstring("a text to search for"));
  if (text === null) throw new ProtocolError("The text to search for is not UTF-8");
  return text;
}
