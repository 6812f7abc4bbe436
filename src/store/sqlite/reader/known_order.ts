/** What is taken of an order of the whole mailbox for a search in it. */
import type { SearchKey } from "../../search.ts";

/** A map of bits larger than this, in bits for each message, costs more than sorting anew. */
const MOST_SPARSE = 64;
/** One message of so many is sorted anew faster than it is picked out. */
const FEWEST = 50;

/** Whether the key asks for one range of UIDs and nothing else, so that `uidBounds` tells everything of it. */
export function asksOnlyUids(key: SearchKey): boolean {
  switch (key.kind) {
    case "all":
      return true;
    case "uid":
      return key.uids.length === 1;
    case "and":
      return key.keys.every(asksOnlyUids);
    default:
      return false;
  }
}

/** Those in the range, in their order. */
export function between(
  order: Uint32Array<ArrayBuffer>,
  [from, to]: readonly [from: number, to: number],
): Uint32Array<ArrayBuffer> {
  const some = new Uint32Array(order.length);
  let count = 0;
  for (const uid of order) if (uid >= from && uid <= to) some[count++] = uid;
  return count === order.length ? some : some.slice(0, count);
}

/** Those that were found (ascending), in their order; null where there are better ways to put them in order. */
export function among(
  order: Uint32Array<ArrayBuffer>,
  found: Uint32Array,
): Uint32Array<ArrayBuffer> | null {
  if (found.length === 0 || found.length * FEWEST < order.length) return null;
  const [first, last] = [found[0]!, found.at(-1)!];
  const span = last - first + 1;
  if (span > MOST_SPARSE * order.length) return null;
  const bits = new Uint8Array((span + 7) >> 3);
  for (const uid of found) bits[(uid - first) >> 3]! |= 1 << ((uid - first) & 7);
  const some = new Uint32Array(found.length);
  let count = 0;
  for (const uid of order) {
    if (uid < first || uid > last) continue;
    if ((bits[(uid - first) >> 3]! & (1 << ((uid - first) & 7))) !== 0) some[count++] = uid;
  }
  return some.slice(0, count);
}
