import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";
import { type BadCharset, decodeInCharset } from "./search.ts";
import type { SearchTerm } from "./search_term.ts";

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
  const search = decodeInCharset(decoder, null);
  return search.kind === "bad-charset" ? search : { kind: "thread", algorithm, term: search.term };
}

/** Conversations depth first, each entry with its depth; 0 is a message that is not there. */
export interface ThreadEntries {
  readonly numbers: readonly number[];
  readonly depths: readonly number[];
}

/** So many characters make a piece. */
const PIECE = 4000;

/**
 * RFC 5256 section 4 `thread-list`, piece by piece: a message and its only answer stand side by side, several answers each in
 * parentheses.
 */
export function* encodeThreads({ numbers, depths }: ThreadEntries): Generator<string> {
  const answers = countAnswers(depths);
  /** For each level, whether the entry on it opened a parenthesis. */
  const opened: boolean[] = [];
  /** The last entry on each level. */
  const last: number[] = [];
  let text = "";
  for (let place = 0; place < numbers.length; place++) {
    const [number, depth] = [numbers[place]!, depths[place]!];
    text += closing(opened, depth);
    const parent = depth === 0 ? null : last[depth - 1]!;
    const opens = parent === null || answers[parent]! > 1;
    // Behind a message comes a space before its answers, and none between these.
    if (parent !== null && place === parent + 1 && numbers[parent] !== 0) text += " ";
    if (opens) text += "(";
    if (number !== 0) text += number;
    opened.push(opens);
    last[depth] = place;
    if (text.length < PIECE) continue;
    yield text;
    text = "";
  }
  yield text + closing(opened, 0);
}

/** Takes the levels from `depth` on away; what they had opened. */
function closing(opened: boolean[], depth: number): string {
  let closed = 0;
  while (opened.length > depth) if (opened.pop()) closed++;
  return closed === 0 ? "" : ")".repeat(closed);
}

function countAnswers(depths: readonly number[]): Int32Array {
  const answers = new Int32Array(depths.length);
  const last: number[] = [];
  for (let place = 0; place < depths.length; place++) {
    const depth = depths[place]!;
    if (depth > 0) answers[last[depth - 1]!]!++;
    last[depth] = place;
  }
  return answers;
}
