import { decodeLatin1, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { CLOSE, isDigit, OPEN, STAR_SIGN } from "./chars.ts";
import { decodeDay } from "./date_time.ts";
import type { Decoder } from "./decoder.ts";
import { decodeSequenceSet, type SequenceSet } from "./sequence_set.ts";

/** A search key as it was asked; what depends on the mailbox (sequence numbers, \Recent) is still unresolved. */
export type SearchTerm =
  | { readonly kind: "all" | "recent" }
  | { readonly kind: "and" | "or"; readonly terms: readonly SearchTerm[] }
  | { readonly kind: "not"; readonly term: SearchTerm }
  | { readonly kind: "sequence" | "uid"; readonly set: SequenceSet }
  | { readonly kind: "flag"; readonly flag: string }
  | {
    readonly kind: "internalDate" | "sentDate";
    readonly test: "before" | "on" | "since";
    readonly day: number;
  }
  | { readonly kind: "larger" | "smaller"; readonly bytes: number }
  | { readonly kind: "header"; readonly field: string; readonly text: string }
  | { readonly kind: "body" | "text"; readonly text: string };

export type SearchArguments =
  | { readonly kind: "search"; readonly term: SearchTerm }
  | { readonly kind: "bad-charset"; readonly charset: string };

export const SEARCH_CHARSETS: readonly string[] = ["US-ASCII", "UTF-8"];
const MAX_TERMS = 1000;

/** RFC 3501 section 6.4.4. */
export function decodeSearch(decoder: Decoder): SearchArguments {
  decoder.expectSpace();
  if (decoder.tryKeyword("CHARSET")) {
    decoder.expectSpace();
    const charset = decodeLatin1(decoder.expectAstring("a charset"));
    if (!SEARCH_CHARSETS.includes(charset.toUpperCase())) return { kind: "bad-charset", charset };
    decoder.expectSpace();
  }
  const term = decodeTerms(decoder);
  decoder.expectEnd();
  return { kind: "search", term };
}

/** An operator that waits for its operands; a group (or the whole search) waits for its end. */
interface Frame {
  readonly kind: "whole" | "group" | "not" | "or";
  readonly terms: SearchTerm[];
}

/** A stack in place of recursion: the depth of the input is only a number here, and bounded by the decoder. */
function decodeTerms(decoder: Decoder): SearchTerm {
  const stack: Frame[] = [{ kind: "whole", terms: [] }];
  for (let count = 0; count < MAX_TERMS; count++) {
    const kind = decodeOperator(decoder);
    if (kind !== null) {
      decoder.enter();
      stack.push({ kind, terms: [] });
      continue;
    }
    const whole = place(decoder, stack, decodeLeaf(decoder));
    if (whole !== null) return whole;
  }
  throw new ProtocolError(`More than ${MAX_TERMS} keys in one search`);
}

function decodeOperator(decoder: Decoder): Frame["kind"] | null {
  if (decoder.tryByte(OPEN)) return "group";
  const kind = decoder.tryKeyword("NOT") ? "not" : decoder.tryKeyword("OR") ? "or" : null;
  if (kind !== null) decoder.expectSpace();
  return kind;
}

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
  if (frame.kind === "not") return { kind: "not", term: frame.terms[0]! };
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
const HEADERS: ReadonlySet<string> = new Set(["BCC", "CC", "FROM", "SUBJECT", "TO"]);
const DATES: ReadonlyMap<string, "before" | "on" | "since"> = new Map([
  ["BEFORE", "before"],
  ["ON", "on"],
  ["SINCE", "since"],
]);
const RECENT: SearchTerm = { kind: "recent" };
const NOT_RECENT: SearchTerm = { kind: "not", term: RECENT };

function decodeLeaf(decoder: Decoder): SearchTerm {
  if (isDigit(decoder.next) || decoder.next === STAR_SIGN) {
    return { kind: "sequence", set: decodeSequenceSet(decoder) };
  }
  const word = decoder.expectKeyword("a search key");
  return withoutArgument(word) ?? withArgument(decoder, word);
}

function withoutArgument(word: string): SearchTerm | null {
  const flag = FLAGS.get(word);
  if (flag !== undefined) return { kind: "flag", flag };
  const absent = word.startsWith("UN") ? FLAGS.get(word.slice(2)) : undefined;
  if (absent !== undefined) return { kind: "not", term: { kind: "flag", flag: absent } };
  switch (word) {
    case "ALL":
      return { kind: "all" };
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

function withArgument(decoder: Decoder, word: string): SearchTerm {
  const date = DATES.get(word) ?? (word.startsWith("SENT") ? DATES.get(word.slice(4)) : undefined);
  if (date !== undefined) {
    decoder.expectSpace();
    return { kind: DATES.has(word) ? "internalDate" : "sentDate", test: date, day: decodeDay(decoder) };
  }
  if (HEADERS.has(word)) {
    decoder.expectSpace();
    return { kind: "header", field: word.toLowerCase(), text: decodeText(decoder) };
  }
  const decode = OTHERS.get(word);
  if (decode === undefined) throw new ProtocolError("No such search key");
  decoder.expectSpace();
  return decode(decoder);
}

const OTHERS: ReadonlyMap<string, (decoder: Decoder) => SearchTerm> = new Map([
  ["BODY", (decoder: Decoder): SearchTerm => ({ kind: "body", text: decodeText(decoder) })],
  ["TEXT", (decoder: Decoder): SearchTerm => ({ kind: "text", text: decodeText(decoder) })],
  ["HEADER", decodeHeader],
  ["KEYWORD", (decoder: Decoder): SearchTerm => ({ kind: "flag", flag: decoder.expectAtom("a keyword") })],
  ["UNKEYWORD", (decoder: Decoder): SearchTerm => ({
    kind: "not",
    term: { kind: "flag", flag: decoder.expectAtom("a keyword") },
  })],
  ["LARGER", (decoder: Decoder): SearchTerm => ({ kind: "larger", bytes: decoder.expectNumber() })],
  ["SMALLER", (decoder: Decoder): SearchTerm => ({ kind: "smaller", bytes: decoder.expectNumber() })],
  ["UID", (decoder: Decoder): SearchTerm => ({ kind: "uid", set: decodeSequenceSet(decoder) })],
]);

function decodeHeader(decoder: Decoder): SearchTerm {
  const field = decodeLatin1(decoder.expectAstring("a header field name")).toLowerCase();
  decoder.expectSpace();
  return { kind: "header", field, text: decodeText(decoder) };
}

/** Both charsets that we know are UTF-8; clients that name none send it too. */
function decodeText(decoder: Decoder): string {
  const text = tryDecodeUtf8(decoder.expectAstring("a text to search for"));
  if (text === null) throw new ProtocolError("The text to search for is not UTF-8");
  return text;
}
