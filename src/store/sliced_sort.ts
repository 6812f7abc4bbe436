/** How many comparisons are made between two yields, and what one of them costs next to looking at a byte. */
const STEP = 4096;
const COMPARISON = 16;

/**
 * The numbers below `count` in order: a merge sort that yields the cost of its steps (see `slices.ts`), since a sort that
 * cannot be interrupted would hold its thread for long. Equal ones keep their order.
 */
export function* sortedIndexes(
  count: number,
  compare: (a: number, b: number) => number,
): Generator<number, Uint32Array> {
  let from = Uint32Array.from({ length: count }, (_, place) => place);
  let to = new Uint32Array(count);
  let work = 0;
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count);
      const end = Math.min(start + 2 * width, count);
      // What is in order already, as mail by its date nearly is, costs one comparison.
      if (middle === end || compare(from[middle - 1]!, from[middle]!) <= 0) {
        to.set(from.subarray(start, end), start);
        work++;
      } else {
        let [a, b] = [start, middle];
        for (let at = start; at < end; at++) {
          to[at] = b === end || (a < middle && compare(from[a]!, from[b]!) <= 0) ? from[a++]! : from[b++]!;
          if (++work < STEP) continue;
          yield work * COMPARISON;
          work = 0;
        }
      }
      if (work >= STEP) {
        yield work * COMPARISON;
        work = 0;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
