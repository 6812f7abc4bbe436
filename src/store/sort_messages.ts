/** Puts messages in order by their columns (RFC 5256 section 3, BASE.7.2.SORT); both stores use it. */
import type { SortCriterion, SortOrder } from "./ordering.ts";
import { sortedIndexes } from "./sliced_sort.ts";
import { byteOrdered } from "./text_order.ts";

/** A criterion's values, one for each message. */
export type SortColumn = readonly number[] | Float64Array | readonly string[];

export interface SortInput {
  /** Ascending. */
  readonly uids: Uint32Array;
  /** The column of each criterion in the order that was asked for. */
  readonly columns: readonly SortColumn[];
}

export function concatNumbers(pieces: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The criteria, each only once: what was decided is not decided again. */
export function distinctCriteria(order: SortOrder): SortOrder {
  const seen = new Set<SortCriterion>();
  return order.filter(({ by }) => !seen.has(by) && seen.add(by));
}

export function* sortMessages(input: SortInput, order: SortOrder): Generator<number, Uint32Array> {
  const { uids, columns } = input;
  const steps = columns.map((column, place) => comparison(column, order[place]!.descending));
  const compare = steps.length === 1 ? steps[0]! : (a: number, b: number) => {
    for (const step of steps) {
      const found = step(a, b);
      if (found !== 0) return found;
    }
    return 0;
  };
  // Equal ones stay in the order of sequence numbers, also under REVERSE (RFC 5256 section 3).
  return (yield* sortedIndexes(uids.length, compare)).map((place) => uids[place]!);
}

function comparison(column: SortColumn, descending: boolean): (a: number, b: number) => number {
  const sign = descending ? -1 : 1;
  if (typeof column[0] !== "string") {
    const numbers = column as readonly number[];
    return (a, b) => sign * (numbers[a]! - numbers[b]!);
  }
  const texts = (column as readonly string[]).map(byteOrdered);
  return (a, b) => {
    const [first, second] = [texts[a]!, texts[b]!];
    return first === second ? 0 : first < second ? -sign : sign;
  };
}
