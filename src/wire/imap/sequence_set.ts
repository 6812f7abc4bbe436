import { COLON, COMMA, DOLLAR, STAR_SIGN } from "./chars.ts";
import type { Decoder } from "./decoder.ts";

/** Stands for `*` in a set as it was read; greater than every number there can be. */
export const STAR = 0x1_0000_0000;

/** As it stood in the command: ends in either order, `STAR` among them (RFC 3501 section 9 `sequence-set`). */
export type SequenceSet = readonly (readonly [from: number, to: number])[];

/** Stands for `$`, the result of the last search that was saved (RFC 5182 section 2.1); known by its identity. */
export const SAVED_RESULT: SequenceSet = Object.freeze([]);

/** Inclusive ranges, ascending, with a gap between one and the next. */
export type Ranges = readonly (readonly [from: number, to: number])[];

export function decodeSequenceSet(decoder: Decoder): SequenceSet {
  if (decoder.tryByte(DOLLAR)) return SAVED_RESULT;
  const set: [number, number][] = [];
  do {
    const from = decodeNumber(decoder);
    set.push([from, decoder.tryByte(COLON) ? decodeNumber(decoder) : from]);
  } while (decoder.tryByte(COMMA));
  return set;
}

function decodeNumber(decoder: Decoder): number {
  return decoder.tryByte(STAR_SIGN) ? STAR : decoder.expectNonZero();
}

/** The greatest plain number in the set; 0 when it consists of `*`. */
export function greatestNumber(set: SequenceSet): number {
  let greatest = 0;
  for (const range of set) {
    for (const end of range) if (end !== STAR && end > greatest) greatest = end;
  }
  return greatest;
}

/**
 * Puts the number of the last message in the place of `*`. In an empty mailbox (0) whatever has a `*` in it matches
 * nothing. `9:*` is `*:9`, so it always holds the last message (RFC 3501 section 6.4.8).
 */
export function resolveSequenceSet(set: SequenceSet, last: number): Ranges {
  const resolved: [number, number][] = [];
  for (const [a, b] of set) {
    if (last === 0 && (a === STAR || b === STAR)) continue;
    const from = a === STAR ? last : a;
    const to = b === STAR ? last : b;
    resolved.push(from <= to ? [from, to] : [to, from]);
  }
  return mergeRanges(resolved);
}

/** Sorts ranges and joins those that touch. */
export function mergeRanges(ranges: readonly (readonly [number, number])[]): Ranges {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Writes numbers in the order they have, runs of consecutive ones as `a:b` (RFC 4315 section 4 `uid-set`). */
export function formatNumbers(numbers: readonly number[]): string {
  return [...numberRuns(numbers)].join(",");
}

/** The parts of `formatNumbers`, for what is too long to be one text. */
export function* numberRuns(numbers: readonly number[]): Generator<string> {
  for (let i = 0; i < numbers.length;) {
    const from = numbers[i]!;
    let to = from;
    while (++i < numbers.length && numbers[i] === to + 1) to++;
    yield from === to ? String(from) : `${from}:${to}`;
  }
}
