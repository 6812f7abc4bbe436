import type { UidRanges } from "./mod.ts";

/** Whether a UID lies in the ranges (ascending and apart), by bisection. */
export function inRanges(ranges: UidRanges, uid: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = ranges[middle]!;
    if (uid < from) high = middle - 1;
    else if (uid > to) low = middle + 1;
    else return true;
  }
  return false;
}

/** What is left of the ranges from `uid` on. */
export function rangesFrom(ranges: UidRanges, uid: number): UidRanges {
  let first = 0;
  while (first < ranges.length && ranges[first]![1] < uid) first++;
  const rest = ranges.slice(first);
  if (rest.length > 0 && rest[0]![0] < uid) return [[uid, rest[0]![1]], ...rest.slice(1)];
  return rest;
}
