/** Wildcards and regular expressions against an obvious model, and their cost. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { findComparator } from "../../../src/delivery/sieve/match/comparators.ts";
import { compileRegex } from "../../../src/delivery/sieve/match/regex.ts";
import { matchWildcard } from "../../../src/delivery/sieve/match/wildcard.ts";

const octet = findComparator("i;octet")!;
/** What came of it, and how many steps it took. */
function finish<T>(work: Generator<void, T>): { readonly value: T; readonly steps: number } {
  for (let steps = 0;; steps++) {
    const { done, value } = work.next();
    if (done === true) return { value, steps };
  }
}

Deno.test("wildcards match, and take, what a lazy regular expression would", () => {
  const pattern = fc.array(fc.constantFrom("a", "b", "*", "?", "\\*", "\\?", "\\\\"), { maxLength: 8 });
  const value = fc.array(fc.constantFrom("a", "b", "*", "?", "\\"), { maxLength: 10 });
  fc.assert(
    fc.property(pattern, value, (places, characters) => {
      const source = places.map((place) =>
        place === "*"
          ? "([^]*?)"
          : place === "?"
          ? "([^])"
          : place.replace(/^\\?(.)$/, (_, c) => `\\x${c.charCodeAt(0).toString(16)}`)
      ).join("");
      const text = characters.join("");
      const expected = new RegExp(`^${source}$`).exec(text);
      const found = finish(matchWildcard(places.join(""), text, octet)).value;
      assert.deepEqual(found, expected === null ? null : [...expected]);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("wildcards: the example of RFC 5229 section 3.2", () => {
  const found = finish(matchWildcard("*[FreeBSD]*-?*", "List [FreeBSD]-current x", octet)).value;
  assert.deepEqual(found, ["List [FreeBSD]-current x", "List ", "", "c", "urrent x"]);
});

Deno.test("wildcards: a pattern made to be slow costs the product of the lengths", () => {
  const { value, steps } = finish(matchWildcard("*a".repeat(50) + "b", "a".repeat(2000), octet));
  assert.equal(value, null);
  assert.ok(steps <= 2000 * 110 / 250, `${steps} steps`);
});

Deno.test("regular expressions match, and capture, what JavaScript's do", () => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "(a)", "(a|b)", "(b|ab)", "()");
  const piece = fc.tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,3}")).map((parts) =>
    parts.join("")
  );
  const pattern = fc.tuple(
    fc.constantFrom("", "^"),
    fc.array(piece, { maxLength: 5 }),
    fc.constantFrom("", "$"),
  );
  const value = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
  fc.assert(
    fc.property(pattern, value, ([start, pieces, end], characters) => {
      const source = start + pieces.join("") + end;
      const text = characters.join("");
      const regex = compileRegex(source, { ignoreCase: false });
      assert.ok(typeof regex !== "string", String(regex));
      const expected = new RegExp(source, "s").exec(text);
      const found = finish(regex.match(text)).value;
      assert.equal(found === null, expected === null, source);
      // Within a repetition JavaScript forgets what a group had taken in the round before.
      if (found !== null) assert.equal(found[0], expected![0], `${source} on ${text}`);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("regular expressions: one made to explode costs the product of the lengths", () => {
  const regex = compileRegex("(a*)*(a|aa)+$", { ignoreCase: false });
  assert.ok(typeof regex !== "string");
  const { value, steps } = finish(regex.match("a".repeat(3000) + "b"));
  assert.equal(value, null);
  assert.ok(steps <= 3000 * 40 / 100, `${steps} steps`);
});

for (
  const [pattern, problem] of [
    ["(", /without its \)/],
    [")", /without its \(/],
    ["*a", /nothing before it/],
    ["a{3,1}", /wrong order/],
    ["a{999}", /up to 255/],
    ["[b-a]", /wrong order/],
    ["[a", /without its ]/],
    ["[[:foo:]]", /that there is not/],
    ["a\\", /backslash/],
    ["((((((((((((((((((((a))))))))))))))))))))", /parentheses in each other/],
    ["(((a{255}){255}){255})", /too large/],
    ["x".repeat(3000), /longer than/],
  ] as const
) {
  Deno.test(`regular expressions: ${pattern.slice(0, 30)} is refused`, () => {
    assert.match(String(compileRegex(pattern, { ignoreCase: true })), problem);
  });
}

Deno.test("regular expressions: without case, groups keep the case of the value", () => {
  const regex = compileRegex("SUB(.*)([[:upper:]]+)!", { ignoreCase: true });
  assert.ok(typeof regex !== "string");
  assert.deepEqual(finish(regex.match("xSubJECT!")).value, ["SubJECT!", "JEC", "T"]);
});
