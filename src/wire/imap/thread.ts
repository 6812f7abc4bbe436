import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";
import { type BadCharset, decodeCharset } from "./search.ts";
import { decodeSearchTerm, type SearchTerm } from "./search_term.ts";

export const THREAD_ALGORITHMS = ["references", "orderedsubject"] as const;
export type ThreadKind = typeof THREAD_ALGORITHMS[number];

export type ThreadArguments =
  | { readonly kind: "thread"; readonly algorithm: ThreadKind; readonly term: SearchTerm }
  | BadCharset;

/** RFC 5256 section 3, BASE.6.4.THREAD. */
export function decodeThread(decoder: Decoder): ThreadArguments {
  decoder.expectSpace();
  const word = decoder.expectKeyword("a way of threading").toLowerCase();
  const algorithm = THREAD_ALGORITHMS.find((known) => known === word);
  if (algorithm === undefined) throw new ProtocolError("No such way of threading");
  decoder.expectSpace();
  const unknown = decodeCharset(decoder, null);
  if (unknown !== null) return unknown;
  decoder.expectSpace();
  const term = decodeSearchTerm(decoder);
  decoder.expectEnd();
  return { kind: "thread", algorithm, term };
}

/** Conversations depth first, each entry with its depth; 0 is a message that is not there. */
export interface ThreadEntries {
  readonly numbers: readonly number[];
  readonly depths: readonly number[];
}

/**
 * RFC 5256 section 4 `thread-list`, piece by piece: a message and its only answer stand side by side, several answers each in
 * parentheses.
 */
export function* encodeThreads({ numbers, depths }: ThreadEntries): Generator<string> {
  const answers = countAnswers(depths);
  /** For each level, whether the entry on it opened a parenthesis. */
  const opened: boolean[] = [];
  /** The entry on each level above the present one. */
  const above: number[] = [];
  for (const [place, number] of numbers.entries()) {
    const depth = depths[place]!;
    yield closing(opened, depth);
    above.length = depth;
    const parent = above.at(-1);
    const opens = parent === undefined || answers[parent]! > 1;
    // Behind a message comes a space before its answers, and none between these.
    const isFirst = parent !== undefined && place === parent + 1;
    yield `${isFirst && numbers[parent] !== 0 ? " " : ""}${opens ? "(" : ""}${number === 0 ? "" : number}`;
    opened.push(opens);
    above.push(place);
  }
  yield closing(opened, 0);
}

/** Takes the levels from `depth` on away; what they had opened. */
function closing(opened: boolean[], depth: number): string {
  const closed = opened.splice(depth).filter((opens) => opens).length;
  return ")".repeat(closed);
}

function countAnswers(depths: readonly number[]): Int32Array {
  const answers = new Int32Array(depths.length);
  const above: number[] = [];
  for (const [place, depth] of depths.entries()) {
    above.length = depth;
    const parent = above.at(-1);
    if (parent !== undefined) answers[parent]!++;
    above.push(place);
  }
  return answers;
}
