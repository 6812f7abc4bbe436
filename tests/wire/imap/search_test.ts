import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  decodeEsearch,
  decodeSearch,
  decodeSort,
  decodeThread,
  encodeEsearch,
  encodeThreads,
  partialIndexes,
} from "../../../src/wire/imap/mod.ts";
import { decoderOf } from "./support.ts";

function termOf(text: string): unknown {
  const args = decodeSearch(decoderOf(` ${text}`));
  return args.kind === "search" ? args.term : args;
}

Deno.test("search keys of the extensions", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["OLDER 60", { kind: "within", test: "older", seconds: 60 }],
    ["SAVEDON 1-Feb-1994", { kind: "savedDate", test: "on", day: 8797 }],
    ["MODSEQ 7", { kind: "modseq", atLeast: 7 }],
    ['MODSEQ "/flags/\\\\seen" priv 7', { kind: "modseq", atLeast: 7 }],
    ["EMAILID M1", { kind: "emailId", id: "M1" }],
    ["FUZZY NOT SEEN", { kind: "fuzzy", term: { kind: "not", term: { kind: "flag", flag: "\\Seen" } } }],
    ["SAVEDATESUPPORTED", { kind: "saveDateSupported" }],
  ];
  for (const [text, expected] of table) assert.deepEqual(termOf(text), expected, text);
});

Deno.test("what the grammar does not allow", () => {
  const search = [
    "RETURN (SAVE",
    "RETURN (PARTIAL 5) ALL",
    "RETURN (PARTIAL -5:1) ALL",
    'MODSEQ "/flags/\\\\seen" mine 7',
    "MODSEQ 9223372036854775808",
    "EMAILID M.1",
    "YOUNGER -5",
    "$$",
    "FUZZY FUZZY",
  ];
  for (const text of search) assert.throws(() => termOf(text), ProtocolError, text);
  for (const text of ["(DATE UTF-8 ALL", "(REVERSE REVERSE DATE) UTF-8 ALL", "DATE UTF-8 ALL"]) {
    assert.throws(() => decodeSort(decoderOf(` ${text}`)), ProtocolError, text);
  }
  assert.throws(() => decodeThread(decoderOf(" REFERENCES UTF-8")), ProtocolError);
  assert.equal(decodeThread(decoderOf(" REFERENCES ALL SEEN")).kind, "bad-charset");
  for (const text of ["IN personal ALL", "IN (mailboxes ()) ALL", "IN (personal)"]) {
    assert.throws(() => decodeEsearch(decoderOf(` ${text}`)), ProtocolError, text);
  }
});

Deno.test("a page is what slicing by position gives (RFC 9394 section 3.1)", () => {
  fc.assert(
    fc.property(
      fc.nat(30),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(40),
      fc.boolean(),
      (count, low, more, fromEnd) => {
        const numbers = Array.from({ length: count }, (_, i) => i + 1);
        const high = low + more;
        const wanted = numbers.filter((number) => {
          const position = fromEnd ? count - number + 1 : number;
          return position >= low && position <= high;
        });
        assert.deepEqual(numbers.slice(...partialIndexes({ fromEnd, low, high }, count)), wanted);
      },
    ),
  );
});

Deno.test("ESEARCH data", () => {
  const text = [...encodeEsearch({
    min: 2,
    max: null,
    count: 0,
    all: [],
    partial: { range: { fromEnd: true, low: 1, high: 5 }, numbers: [] },
    modseq: 9,
  })].join("");
  assert.equal(text, " MIN 2 COUNT 0 PARTIAL (-1:-5 NIL) MODSEQ 9");
  assert.equal(
    [...encodeEsearch({ all: [5, 6, 3], relevancy: [1, 2, 3] })].join(""),
    " ALL 5:6,3 RELEVANCY (1 2 3)",
  );
});

interface Tree {
  readonly number: number;
  readonly children: readonly Tree[];
}

const { tree: anyTree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    number: fc.integer({ min: 1, max: 99 }),
    children: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie("tree"), { maxLength: 3 })),
  }),
}));

/** RFC 5256 section 4 `thread-members`. */
function written({ number, children }: Tree): string {
  const start = number === 0 ? "" : String(number);
  if (children.length === 0) return start;
  if (children.length === 1) return `${start} ${written(children[0]!)}`;
  const nested = children.map((child) => `(${written(child)})`).join("");
  return start === "" ? nested : `${start} ${nested}`;
}

Deno.test("conversations are written as the grammar nests them (RFC 5256 section 4)", () => {
  const dummy = fc.array(anyTree, { minLength: 2, maxLength: 3 })
    .map((children): Tree => ({ number: 0, children }));
  fc.assert(fc.property(fc.array(fc.oneof(anyTree, dummy), { maxLength: 4 }), (trees) => {
    const entries = { numbers: [] as number[], depths: [] as number[] };
    const add = ({ number, children }: Tree, depth: number) => {
      entries.numbers.push(number);
      entries.depths.push(depth);
      for (const child of children) add(child, depth + 1);
    };
    for (const tree of trees) add(tree, 0);
    const expected = trees.map((tree) => `(${written(tree)})`).join("");
    assert.equal([...encodeThreads(entries)].join(""), expected);
  }));
});
