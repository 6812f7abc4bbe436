/**
 * Joins messages to conversations (RFC 5256 section 3) in O(n log n), without recursion. Both stores use it. It works on numbers:
 * a message is its place in the list, which is the order of sequence numbers; what is referred to but not there is a number
 * behind them. The order of siblings is decided once, at the end, so parents are all that is kept.
 */
import { LinkForest } from "./link_forest.ts";
import type { ThreadAlgorithm, ThreadList } from "./ordering.ts";
import { sortedIndexes } from "./sliced_sort.ts";

/** The messages to be threaded, by their columns, in the order of their UIDs. */
export interface ThreadInput {
  readonly uids: Uint32Array;
  /** When each was sent, or else came in (section 2.2). */
  readonly dates: Float64Array;
  /** Folded base subjects. */
  readonly subjects: readonly string[];
  /** Whether something like `Re:` was taken off the subject. */
  readonly isReply: readonly boolean[];
  /** Hashes: of each message its own id (0 for none), then those it refers to, oldest first, one message behind the other. */
  readonly links: Float64Array;
  /** Where each message's links end. */
  readonly linkEnds: Uint32Array;
}

const ROOT = -1;
/** What one link costs next to looking at a byte. */
const LINK_COST = 32;

export function* threadMessages(
  input: ThreadInput,
  algorithm: ThreadAlgorithm,
): Generator<number, ThreadList> {
  const { dates, uids } = input;
  const order = yield* sortedIndexes(uids.length, (a, b) => dates[a]! - dates[b]! || a - b);
  if (algorithm === "orderedsubject") return yield* flatten(input, order, groupBySubject(input, order));
  const parents = prune(uids.length, yield* linkReferences(input));
  return yield* flatten(input, order, gatherSubjects(input, order, parents));
}

/** Section 3, ORDEREDSUBJECT: the first of a subject, by date, is above all others of it. */
function groupBySubject({ subjects }: ThreadInput, order: Uint32Array): number[] {
  const parents: number[] = new Array(order.length).fill(ROOT);
  const first = new Map<string, number>();
  for (const message of order) {
    const subject = subjects[message]!;
    const above = first.get(subject);
    if (above === undefined) first.set(subject, message);
    else parents[message] = above;
  }
  return parents;
}

/** Step 1: links by References. Returns the parents, of the messages and then of those that are only referred to. */
function* linkReferences(input: ThreadInput): Generator<number, Int32Array> {
  const { links, linkEnds, uids } = input;
  const nodes = new Map<number, number>();
  for (let message = 0; message < uids.length; message++) {
    // Of several messages with one id it belongs to the first.
    const id = links[message === 0 ? 0 : linkEnds[message - 1]!]!;
    if (id !== 0 && !nodes.has(id)) nodes.set(id, message);
  }
  yield uids.length * LINK_COST;
  const forest = new LinkForest(links.length);
  let count = uids.length;
  for (let message = 0, at = 0; message < uids.length; message++) {
    const end = linkEnds[message]!;
    let last = ROOT;
    for (at++; at < end; at++) {
      let node = nodes.get(links[at]!);
      if (node === undefined) nodes.set(links[at]!, node = count++);
      // Step 1.A: each reference above the next, where nothing is known yet and no loop comes of it.
      if (last !== ROOT && forest.parents[node] === ROOT && forest.canLink(node, last)) {
        forest.link(node, last);
      }
      last = node;
    }
    // Step 1.B: the last reference is what the message answers, whatever others made of it.
    if (forest.parents[message] !== last) {
      forest.cut(message);
      if (last !== ROOT && forest.canLink(message, last)) forest.link(message, last);
    }
    yield (end - (linkEnds[message - 1] ?? 0)) * LINK_COST;
  }
  return forest.parents.subarray(0, count);
}

/**
 * Steps 2 and 3: what is only referred to goes, and what was below it moves up; at the top it stays where it holds several
 * together. Returns the parents of the messages; one above `messages` is such a holder.
 */
function prune(messages: number, parents: Int32Array): number[] {
  /** For each that is not there: the message above it, or the topmost of its kind; -2 as long as it is unknown. */
  const anchors = new Int32Array(parents.length).fill(-2);
  const anchorOf = (node: number): number => {
    const way: number[] = [];
    let at = node;
    while (at >= messages && anchors[at] === -2 && parents[at] !== ROOT) {
      way.push(at);
      at = parents[at]!;
    }
    const anchor = at >= messages && anchors[at] !== -2 ? anchors[at]! : at;
    for (const passed of way) anchors[passed] = anchor;
    return anchor;
  };
  const pruned: number[] = [];
  const held = new Int32Array(parents.length);
  for (let message = 0; message < messages; message++) {
    const parent = parents[message]!;
    const anchor = parent === ROOT ? ROOT : anchorOf(parent);
    pruned.push(anchor);
    if (anchor >= messages) held[anchor]!++;
  }
  return pruned.map((parent) => parent >= messages && held[parent] === 1 ? ROOT : parent);
}

/** Steps 4 and 5: top-level conversations of one subject become one. Returns the parents anew. */
function gatherSubjects(input: ThreadInput, order: Uint32Array, pruned: readonly number[]): number[] {
  const { subjects, isReply } = input;
  const messages = pruned.length;
  const parents = [...pruned];
  /** The top level by date, a holder standing where its first message does (step 4). */
  const top: number[] = [];
  const firstOf = new Map<number, number>();
  for (const message of order) {
    const parent = parents[message]!;
    if (parent === ROOT) top.push(message);
    else if (parent >= messages && !firstOf.has(parent)) {
      firstOf.set(parent, message);
      top.push(parent);
    }
  }
  const isHolder = (node: number) => node >= messages;
  const subjectOf = (node: number) => subjects[firstOf.get(node) ?? node]!;
  // Step 5.B.
  const table = new Map<string, number>();
  for (const node of top) {
    const subject = subjectOf(node);
    if (subject === "") continue;
    const known = table.get(subject);
    if (
      known === undefined ||
      (!isHolder(known) && (isHolder(node) || (isReply[known]! && !isReply[node]!)))
    ) table.set(subject, node);
  }
  // Step 5.C. `into` says in which holder another one went up.
  const into = new Map<number, number>();
  // There are never more numbers in use than links.
  let nextHolder = input.links.length;
  for (const node of top) {
    const subject = subjectOf(node);
    const known = subject === "" ? node : table.get(subject)!;
    if (known === node) continue;
    if (isHolder(node)) into.set(node, known);
    else if (isHolder(known) || (isReply[node]! && !isReply[known]!)) parents[node] = known;
    else {
      const holder = nextHolder++;
      parents[node] = parents[known] = holder;
      table.set(subject, holder);
    }
  }
  return parents.map((parent) => into.get(parent) ?? parent);
}

/** Step 6: siblings by date, since messages are put to their parents in that order; then depth first, with a stack. */
function* flatten(
  { uids }: ThreadInput,
  order: Uint32Array,
  parents: readonly number[],
): Generator<number, ThreadList> {
  const messages = parents.length;
  const firstChild = new Map<number, number>();
  const lastChild = new Map<number, number>();
  const next = new Int32Array(messages).fill(ROOT);
  const top: number[] = [];
  for (const message of order) {
    const parent = parents[message]!;
    const before = parent === ROOT ? undefined : lastChild.get(parent);
    if (parent === ROOT) top.push(message);
    else if (before !== undefined) next[before] = message;
    else {
      firstChild.set(parent, message);
      if (parent >= messages) top.push(parent);
    }
    if (parent !== ROOT) lastChild.set(parent, message);
  }
  yield messages * LINK_COST;
  const list = { uids: [] as number[], depths: [] as number[] };
  for (const root of top) {
    const stack: (readonly [node: number, depth: number])[] = [[root, 0]];
    for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
      const [node, depth] = entry;
      list.uids.push(uids[node] ?? 0);
      list.depths.push(depth);
      if (node !== root && next[node] !== ROOT) stack.push([next[node]!, depth]);
      const child = firstChild.get(node);
      if (child !== undefined) stack.push([child, depth + 1]);
    }
    yield LINK_COST;
  }
  return list;
}
