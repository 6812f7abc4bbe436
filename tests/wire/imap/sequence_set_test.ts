import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeSequenceSet,
  formatNumbers,
  greatestNumber,
  mergeRanges,
  resolveSequenceSet,
  STAR,
} from "../../../src/wire/imap/mod.ts";
import { decoderOf } from "./support.ts";

function resolve(text: string, last: number) {
  return resolveSequenceSet(decodeSequenceSet(decoderOf(text)), last);
}

Deno.test("sequence sets mean what RFC 3501 section 9 says", () => {
  const cases: [string, number, number[][]][] = [
    ["1", 5, [[1, 1]]],
    ["2,4:7,9", 9, [[2, 2], [4, 7], [9, 9]]],
    ["1:*", 5, [[1, 5]]],
    ["*:4", 9, [[4, 9]]],
    ["*", 5, [[5, 5]]],
    // "559:*" always holds the last message (section 6.4.8).
    ["559:*", 5, [[5, 559]]],
    ["7:3", 9, [[3, 7]]],
    ["5,1:3,4,2", 9, [[1, 5]]],
    ["*:*", 3, [[3, 3]]],
    ["1:4294967295,1:*", 3, [[1, 4294967295]]],
    ["1:*", 0, []],
    ["*", 0, []],
    ["3", 0, [[3, 3]]],
  ];
  for (const [text, last, ranges] of cases) assert.deepEqual(resolve(text, last), ranges, text);
});

Deno.test("the greatest number leaves * aside", () => {
  assert.equal(greatestNumber([[3, STAR], [7, 2]]), 7);
  assert.equal(greatestNumber([[STAR, STAR]]), 0);
});

Deno.test("numbers are written as runs, in their order", () => {
  assert.equal(formatNumbers([1, 2, 3, 5, 9, 10]), "1:3,5,9:10");
  assert.equal(formatNumbers([5, 4, 7]), "5,4,7");
  assert.equal(formatNumbers([]), "");
});

const small = fc.integer({ min: 1, max: 40 });

Deno.test("merging keeps exactly the numbers, ascending and apart", () => {
  fc.assert(fc.property(fc.array(fc.tuple(small, small)), (pairs) => {
    const ranges = pairs.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const merged = mergeRanges(ranges);
    assert.deepEqual([...numbers(merged)], [...new Set(numbers(ranges))].sort((a, b) => a - b));
    for (let i = 1; i < merged.length; i++) assert.ok(merged[i]![0] > merged[i - 1]![1] + 1);
  }));
});

Deno.test("what is written reads back", () => {
  fc.assert(fc.property(fc.uniqueArray(small, { minLength: 1 }), (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    assert.deepEqual([...numbers(resolve(formatNumbers(sorted), 0))], sorted);
  }));
});

function* numbers(ranges: Iterable<readonly [number, number]>): Generator<number> {
  for (const [from, to] of ranges) for (let value = from; value <= to; value++) yield value;
}
