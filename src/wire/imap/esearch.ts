import { ProtocolError } from "../../core/errors.ts";
import { OPEN } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeMailbox } from "./mailbox.ts";
import { formatPartialRange, type PartialRange } from "./partial.ts";
import { decodeProgram, type SearchArguments } from "./search.ts";
import { tryDecodeReturn } from "./search_return.ts";
import { numberRuns } from "./sequence_set.ts";

/** Where ESEARCH looks (RFC 7377 section 2.2). */
export type SearchSource =
  | { readonly kind: "selected" | "inboxes" | "personal" | "subscribed" }
  | { readonly kind: "subtree" | "subtree-one" | "mailboxes"; readonly names: readonly string[] };

export interface EsearchArguments {
  /** Null when nothing was said: then it is the selected mailbox. */
  readonly sources: readonly SearchSource[] | null;
  readonly search: SearchArguments;
}

const MAX_SOURCES = 100;
const MAX_NAMES = 1000;
const PLAIN_SOURCES = ["SELECTED", "INBOXES", "PERSONAL", "SUBSCRIBED"] as const;
const NAMING_SOURCES = ["SUBTREE-ONE", "SUBTREE", "MAILBOXES"] as const;

/** RFC 7377 section 2.1. */
export function decodeEsearch(decoder: Decoder): EsearchArguments {
  decoder.expectSpace();
  let sources: SearchSource[] | null = null;
  if (decoder.tryKeyword("IN")) {
    decoder.expectSpace();
    sources = decodeSources(decoder);
    decoder.expectSpace();
  }
  return { sources, search: decodeProgram(decoder, tryDecodeReturn(decoder)) };
}

function decodeSources(decoder: Decoder): SearchSource[] {
  const sources: SearchSource[] = [];
  decoder.expectList(() => {
    sources.push(decodeSource(decoder));
    if (sources.length > MAX_SOURCES) throw new ProtocolError("Too many places to search in");
  });
  if (sources.length === 0) throw new ProtocolError("Name at least one place to search in");
  return sources;
}

function decodeSource(decoder: Decoder): SearchSource {
  const word = decoder.expectKeyword("a place to search in");
  const plain = PLAIN_SOURCES.find((known) => known === word);
  if (plain !== undefined) return { kind: plain.toLowerCase() as Lowercase<typeof plain> };
  const naming = NAMING_SOURCES.find((known) => known === word);
  if (naming === undefined) throw new ProtocolError("No such place to search in");
  decoder.expectSpace();
  return { kind: naming.toLowerCase() as Lowercase<typeof naming>, names: decodeNames(decoder) };
}

function decodeNames(decoder: Decoder): string[] {
  const names: string[] = [];
  const decodeOne = () => {
    names.push(decodeMailbox(decoder));
    if (names.length > MAX_NAMES) throw new ProtocolError("Too many mailboxes to search in");
  };
  if (decoder.next === OPEN) decoder.expectList(decodeOne);
  else decodeOne();
  if (names.length === 0) throw new ProtocolError("Name at least one mailbox to search in");
  return names;
}

/** What an ESEARCH answer says; what is missing, or null, was not asked for or is not there. */
export interface EsearchData {
  readonly min?: number | null;
  readonly max?: number | null;
  readonly count?: number;
  /** In the order of the result; an empty list says nothing (RFC 4731 section 3.1). */
  readonly all?: readonly number[];
  readonly partial?: { readonly range: PartialRange; readonly numbers: readonly number[] };
  /** RFC 6203 section 4: one score for each number of `all` or `partial`. */
  readonly relevancy?: readonly number[];
  readonly modseq?: number | null;
}

/** The data of an ESEARCH answer piece by piece, each with the space before it (RFC 4731 section 3.1). */
export function* encodeEsearch(data: EsearchData): Generator<string> {
  if (data.min != null) yield ` MIN ${data.min}`;
  if (data.max != null) yield ` MAX ${data.max}`;
  // Always where it was asked for, 0 as well (RFC 9051 section 7.3.4).
  if (data.count !== undefined) yield ` COUNT ${data.count}`;
  if (data.all !== undefined && data.all.length > 0) {
    yield " ALL ";
    yield* separated(numberRuns(data.all), ",");
  }
  if (data.partial !== undefined) {
    // RFC 9394 section 3.1: an empty page is NIL.
    const { range, numbers } = data.partial;
    yield ` PARTIAL (${formatPartialRange(range)} `;
    if (numbers.length === 0) yield "NIL";
    else yield* separated(numberRuns(numbers), ",");
    yield ")";
  }
  if (data.relevancy !== undefined && data.relevancy.length > 0) {
    yield " RELEVANCY (";
    yield* separated(data.relevancy.values().map(String), " ");
    yield ")";
  }
  // RFC 7162 section 3.1.6.
  if (data.modseq != null) yield ` MODSEQ ${data.modseq}`;
}

function* separated(pieces: Iterable<string>, separator: string): Generator<string> {
  let isFirst = true;
  for (const piece of pieces) {
    yield isFirst ? piece : separator + piece;
    isFirst = false;
  }
}
