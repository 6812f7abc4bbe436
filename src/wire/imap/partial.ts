import { ProtocolError } from "../../core/errors.ts";
import { COLON, MINUS } from "./chars.ts";
import type { Decoder } from "./decoder.ts";

/** A page of results by position: `1:100` from the front, `-1:-100` from the end (RFC 9394 section 3.1). */
export interface PartialRange {
  readonly fromEnd: boolean;
  /** Positions from 1, both included, the lower one first. */
  readonly low: number;
  readonly high: number;
  /** It was written as `100:1`; an answer names the range as it was asked for (RFC 5267 section 5 `ret-data-partial`). */
  readonly highFirst?: boolean;
}

/** RFC 9394 section 4 `partial-range`: both ends count from the same side. */
export function decodePartialRange(decoder: Decoder): PartialRange {
  const fromEnd = decoder.tryByte(MINUS);
  const first = decoder.expectNonZero();
  decoder.expectByte(COLON);
  if (decoder.tryByte(MINUS) !== fromEnd) {
    throw new ProtocolError("Count both ends of PARTIAL from the same side, as 1:100 or -1:-100");
  }
  const second = decoder.expectNonZero();
  const [low, high] = [Math.min(first, second), Math.max(first, second)];
  return first <= second ? { fromEnd, low, high } : { fromEnd, low, high, highFirst: true };
}

export function formatPartialRange({ fromEnd, low, high, highFirst = false }: PartialRange): string {
  const sign = fromEnd ? "-" : "";
  const [first, second] = highFirst ? [high, low] : [low, high];
  return `${sign}${first}:${sign}${second}`;
}

/** The indexes of the page in a list of so many entries: from the first to one past the last. */
export function partialIndexes(range: PartialRange, count: number): readonly [start: number, end: number] {
  const start = range.fromEnd ? count - range.high : range.low - 1;
  const end = range.fromEnd ? count - range.low + 1 : range.high;
  const first = Math.min(count, Math.max(0, start));
  return [first, Math.max(first, Math.min(count, end))];
}
