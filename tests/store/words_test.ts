/** The small things that both stores share: flags, names, ranges. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Refusal } from "../../src/core/errors.ts";
import {
  applyChange,
  flagTest,
  listFlags,
  parseChange,
  parseFlags,
  uniteKeywords,
} from "../../src/store/flags.ts";
import { checkedName, compareNames, isAtOrBelow, namesAbove, normalizeName } from "../../src/store/names.ts";
import { inRanges, rangesFrom } from "../../src/store/ranges.ts";
import { foldText } from "../../src/store/search_text.ts";

const flagLists = fc.array(
  fc.constantFrom("\\Seen", "\\seen", "\\Answered", "\\DRAFT", "\\Recent", "a", "A", "b", "$c", "\\x"),
);

Deno.test("flags: system flags first, in one order, then keywords without doubles", () => {
  const { bits, keywords } = parseFlags(["b", "\\draft", "A", "\\SEEN", "a", "\\Recent", "\\Other"]);
  assert.deepEqual(listFlags(bits, keywords), ["\\Seen", "\\Draft", "A", "b"]);
  assert.deepEqual(listFlags(0, ""), []);
});

Deno.test("flags: a list that was written is read the same", () => {
  fc.assert(fc.property(flagLists, (flags) => {
    const set = parseFlags(flags);
    assert.deepEqual(parseFlags(listFlags(set.bits, set.keywords)), set);
  }));
});

Deno.test("flags: add and remove are set operations without case", () => {
  fc.assert(fc.property(flagLists, flagLists, (before, change) => {
    const lower = (list: readonly string[]) => new Set(list.map((flag) => flag.toLowerCase()));
    const current = parseFlags(before);
    const changed = parseFlags(change);
    const [had, given] = [
      listFlags(current.bits, current.keywords),
      listFlags(changed.bits, changed.keywords),
    ];
    for (const kind of ["add", "remove", "set"] as const) {
      const { bits, keywords } = applyChange(current, parseChange({ kind, flags: change }));
      const result = listFlags(bits, keywords);
      const expected = kind === "set"
        ? lower(given)
        : kind === "add"
        ? lower(had).union(lower(given))
        : lower(had).difference(lower(given));
      assert.deepEqual(lower(result), expected);
      for (const flag of expected) assert.ok(flagTest(flag.toUpperCase())(bits, keywords));
    }
  }));
});

Deno.test("flags: the keywords of a mailbox", () => {
  assert.deepEqual(uniteKeywords(["b C", "", "c d", "B"]), ["B", "C", "d"]);
});

Deno.test("names: normal forms", () => {
  const table = [
    ["inbox", "INBOX"],
    ["InBox/x", "INBOX/x"],
    ["inboxes", "inboxes"],
    ["x/inbox", "x/inbox"],
    ["e\u0301", "\u00e9"],
  ] as const;
  for (const [name, expected] of table) assert.equal(normalizeName(name), expected);
  assert.throws(() => checkedName("a//b"), Refusal);
});

Deno.test("names: levels and order", () => {
  assert.deepEqual(namesAbove("a/b/c"), ["a", "a/b"]);
  assert.deepEqual(namesAbove("a"), []);
  assert.ok(isAtOrBelow("a/b", "a") && isAtOrBelow("a", "a") && !isAtOrBelow("ab", "a"));
  assert.deepEqual(["b", "INBOX", "a", "A"].toSorted(compareNames), ["INBOX", "A", "a", "b"]);
});

Deno.test("ranges: bisection finds what a walk finds, and what is left after a UID", () => {
  const ranges = fc.uniqueArray(fc.nat(60), { maxLength: 12 }).map((edges) => {
    const sorted = edges.toSorted((a, b) => a - b);
    return Array.from(
      { length: sorted.length >> 1 },
      (_, i) => [sorted[2 * i]!, sorted[2 * i + 1]!] as const,
    );
  });
  fc.assert(fc.property(ranges, fc.nat(60), (list, uid) => {
    const walk = (some: typeof list, one: number) => some.some(([from, to]) => from <= one && one <= to);
    for (let one = 0; one <= 60; one++) {
      assert.equal(inRanges(list, one), walk(list, one));
      assert.equal(walk(rangesFrom(list, uid) as typeof list, one), one >= uid && walk(list, one));
    }
  }));
});

Deno.test("search: letters that are the same but for case or form", () => {
  const pairs = [["Straße", "STRASSE"], ["ΟΔΟΣ", "οδος"], ["É", "e\u0301"], ["ﬁ", "FI"], ["Ǆ", "ǆ"]] as const;
  for (const [a, b] of pairs) assert.equal(foldText(a), foldText(b));
});
