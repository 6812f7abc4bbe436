/** THREAD against a slow transcription of RFC 5256 section 3, with trees of objects; and the parts that it stands on. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LinkForest } from "../../src/store/link_forest.ts";
import type { ThreadList } from "../../src/store/ordering.ts";
import { sortedIndexes } from "../../src/store/sliced_sort.ts";
import { byteOrdered } from "../../src/store/text_order.ts";
import { threadMessages } from "../../src/store/threading.ts";
import { assertLinear } from "../support/growth.ts";

interface Message {
  readonly id: number;
  readonly references: readonly number[];
  readonly subject: string;
  readonly isReply: boolean;
  readonly date: number;
}

interface Node {
  /** Its place in the mailbox; null for a dummy. */
  readonly place: number | null;
  parent: Node | null;
  children: Node[];
}

function run<T>(task: Generator<number, T>): T {
  for (let step = task.next();; step = task.next()) if (step.done === true) return step.value;
}

function threaded(messages: readonly Message[], algorithm: "references" | "orderedsubject"): ThreadList {
  let end = 0;
  return run(threadMessages({
    uids: Uint32Array.from(messages, (_, place) => place + 1),
    dates: Float64Array.from(messages, ({ date }) => date),
    subjects: messages.map(({ subject }) => subject),
    isReply: messages.map(({ isReply }) => isReply),
    links: Float64Array.from(messages.flatMap(({ id, references }) => [id, ...references])),
    linkEnds: Uint32Array.from(messages, ({ references }) => end += 1 + references.length),
  }, algorithm));
}

function isAbove(node: Node, other: Node): boolean {
  for (let at: Node | null = other; at !== null; at = at.parent) if (at === node) return true;
  return false;
}

function attach(child: Node, parent: Node): void {
  child.parent = parent;
  parent.children.push(child);
}

function detach(child: Node): void {
  const { parent } = child;
  if (parent !== null) parent.children = parent.children.filter((node) => node !== child);
  child.parent = null;
}

/** RFC 5256 section 3, REFERENCES, step by step. */
function slowly(messages: readonly Message[]): ThreadList {
  const nodes = messages.map((_, place): Node => ({ place, parent: null, children: [] }));
  const byId = new Map<number, Node>();
  for (const [place, { id }] of messages.entries()) {
    if (id !== 0 && !byId.has(id)) byId.set(id, nodes[place]!);
  }
  const all = [...nodes];
  // Step 1.
  for (const [place, { references }] of messages.entries()) {
    const chain = references.map((id) => {
      const known = byId.get(id) ?? { place: null, parent: null, children: [] };
      if (!byId.has(id)) all.push(known);
      byId.set(id, known);
      return known;
    });
    for (let i = 1; i < chain.length; i++) {
      if (chain[i]!.parent === null && !isAbove(chain[i]!, chain[i - 1]!)) attach(chain[i]!, chain[i - 1]!);
    }
    const message = nodes[place]!;
    const last = chain.at(-1) ?? null;
    if (message.parent === last) continue;
    detach(message);
    if (last !== null && !isAbove(message, last)) attach(message, last);
  }
  // Steps 2 and 3.
  const root: Node = { place: null, parent: null, children: [] };
  for (const node of all) if (node.parent === null) attach(node, root);
  prune(root, root);
  // Step 4.
  const { compare } = orderOf(messages);
  for (const node of root.children) if (node.place === null) node.children.sort(compare);
  root.children.sort(compare);
  gather(messages, root);
  sortAll(root, compare);
  const list = { uids: [] as number[], depths: [] as number[] };
  for (const child of root.children) show(child, 0, list);
  return list;
}

function prune(node: Node, root: Node): void {
  for (const child of [...node.children]) {
    prune(child, root);
    if (child.place !== null) continue;
    if (child.children.length > 1 && node === root) continue;
    const orphans = child.children;
    detach(child);
    for (const orphan of orphans) attach(orphan, node);
  }
}

function orderOf(messages: readonly Message[]) {
  const keyOf = (node: Node): number => node.place ?? node.children[0]!.place!;
  const compare = (a: Node, b: Node) =>
    messages[keyOf(a)]!.date - messages[keyOf(b)]!.date || keyOf(a) - keyOf(b);
  return { keyOf, compare };
}

/** Step 5. */
function gather(messages: readonly Message[], root: Node): void {
  const { keyOf } = orderOf(messages);
  const subjectOf = (node: Node) => messages[keyOf(node)]!.subject;
  const replies = (node: Node) => node.place !== null && messages[node.place]!.isReply;
  const table = new Map<string, Node>();
  for (const node of root.children) {
    const subject = subjectOf(node);
    if (subject === "") continue;
    const known = table.get(subject);
    if (
      known === undefined ||
      (known.place !== null && (node.place === null || (replies(known) && !replies(node))))
    ) table.set(subject, node);
  }
  for (const node of [...root.children]) {
    const subject = subjectOf(node);
    const known = table.get(subject);
    if (subject === "" || known === undefined || known === node) continue;
    detach(node);
    if (node.place === null && known.place === null) {
      for (const child of node.children) attach(child, known);
    } else if (known.place === null || (replies(node) && !replies(known))) attach(node, known);
    else {
      const dummy: Node = { place: null, parent: null, children: [] };
      detach(known);
      attach(known, dummy);
      attach(node, dummy);
      attach(dummy, root);
      table.set(subject, dummy);
    }
  }
}

/** Step 6: grandchildren before children. */
function sortAll(node: Node, compare: (a: Node, b: Node) => number): void {
  for (const child of node.children) sortAll(child, compare);
  node.children.sort(compare);
}

function show(node: Node, depth: number, list: { uids: number[]; depths: number[] }): void {
  list.uids.push(node.place === null ? 0 : node.place + 1);
  list.depths.push(depth);
  for (const child of node.children) show(child, depth + 1, list);
}

const anyMessages = fc.array(
  fc.record({
    id: fc.nat(8),
    references: fc.uniqueArray(fc.integer({ min: 1, max: 10 }), { maxLength: 4 }),
    subject: fc.constantFrom("", "A", "B", "C"),
    isReply: fc.boolean(),
    date: fc.nat(6),
  }),
  { maxLength: 9 },
);

Deno.test("THREAD=REFERENCES gives what the RFC's steps give", () => {
  fc.assert(
    fc.property(anyMessages, (messages) => {
      assert.deepEqual(threaded(messages, "references"), slowly(messages));
    }),
    { numRuns: 4000 },
  );
});

Deno.test("THREAD=ORDEREDSUBJECT: each subject once, by date, every message in it", () => {
  fc.assert(fc.property(anyMessages, (messages) => {
    const order = messages.map((_, place) => place)
      .sort((a, b) => messages[a]!.date - messages[b]!.date || a - b);
    const subjects = [...new Set(order.map((place) => messages[place]!.subject))];
    const expected = { uids: [] as number[], depths: [] as number[] };
    for (const subject of subjects) {
      const group = order.filter((place) => messages[place]!.subject === subject);
      expected.uids.push(...group.map((place) => place + 1));
      expected.depths.push(...group.map((_, i) => i === 0 ? 0 : 1));
    }
    assert.deepEqual(threaded(messages, "orderedsubject"), expected);
  }));
});

Deno.test("a chain of 50,000 answers, and trees built against the grain, take no time and no stack", () => {
  const count = 50_000;
  const chain = (from: number, to: number, by: number) => {
    const messages: Message[] = [];
    for (let id = from; id !== to; id += by) {
      messages.push({ id, references: id === 1 ? [] : [id - 1], subject: "", isReply: false, date: id });
    }
    return messages;
  };
  for (const messages of [chain(1, count + 1, 1), chain(count, 0, -1)]) {
    const list = threaded(messages, "references");
    assert.deepEqual(list.depths, Array.from({ length: count }, (_, depth) => depth));
  }
  // A long chain, and then thousands of small trees that are hung below its end: each asks for the chain's root.
  assertLinear(20_000, (size) => {
    const half = chain(1, size + 1, 1);
    const small = Array.from({ length: size / 2 }, (_, i): Message[] => {
      const base = { subject: "", isReply: false, date: 30_000 + i };
      const id = 100_000 + 2 * i;
      return [{ ...base, id: id + 1, references: [id] }, { ...base, id, references: [size] }];
    }).flat();
    return () => threaded([...half, ...small], "references");
  });
});

Deno.test("a link forest knows the loops that a walk to the root would find", () => {
  const step = fc.record({ cut: fc.boolean(), child: fc.nat(11), parent: fc.nat(11) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const forest = new LinkForest(12);
      const parents: number[] = new Array(12).fill(-1);
      const rootOf = (node: number) => {
        while (parents[node] !== -1) node = parents[node]!;
        return node;
      };
      for (const { cut, child, parent } of steps) {
        if (cut) {
          forest.cut(child);
          parents[child] = -1;
        } else if (parents[child] === -1) {
          assert.equal(forest.canLink(child, parent), rootOf(parent) !== child);
          if (rootOf(parent) === child) continue;
          forest.link(child, parent);
          parents[child] = parent;
        }
        assert.deepEqual([...forest.parents], parents);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a sliced sort is a stable sort", () => {
  fc.assert(fc.property(fc.array(fc.nat(9), { maxLength: 300 }), (values) => {
    const sorted = run(sortedIndexes(values.length, (a, b) => values[a]! - values[b]!));
    const expected = values.map((_, place) => place).sort((a, b) => values[a]! - values[b]! || a - b);
    assert.deepEqual([...sorted], expected);
  }));
});

Deno.test("texts compare as their UTF-8 bytes (RFC 5051 section 2)", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 6 });
  const encoder = new TextEncoder();
  const bytes = (value: string) =>
    [...encoder.encode(value)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const order = (a: string, b: string) => a === b ? 0 : a < b ? -1 : 1;
  fc.assert(fc.property(text, text, (a, b) => {
    assert.equal(order(byteOrdered(a), byteOrdered(b)), order(bytes(a), bytes(b)));
  }));
  assert.equal(order(byteOrdered("\u{1f600}"), byteOrdered("\uffee")), 1);
});
