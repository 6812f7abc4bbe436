/** Wildcards and regular expressions against an obvious model, and their cost. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { findComparator } from "../../../src/delivery/sieve/match/comparators.ts";
import { compileRegex } from "../../../src/delivery/sieve/match/regex.ts";
import { matchWildcard } from "../../../src/delivery/sieve/match/wildcard.ts";

const octet = findComparator("i;octet")!;
const quiet = () => {};

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
      const found = matchWildcard(places.join(""), text, { comparator: octet, look: quiet });
      assert.deepEqual(found, expected === null ? null : [...expected]);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("wildcards: the example of RFC 5229 section 3.2", () => {
  const found = matchWildcard("*[FreeBSD]*-?*", "List [FreeBSD]-current x", {
    comparator: octet,
    look: quiet,
  });
  assert.deepEqual(found, ["List [FreeBSD]-current x", "List ", "", "c", "urrent x"]);
});

Deno.test("wildcards: a pattern made to be slow costs the product of the lengths", () => {
  let looks = 0;
  const found = matchWildcard("*a".repeat(50) + "b", "a".repeat(2000), {
    comparator: octet,
    look: (characters) => looks += characters,
  });
  assert.equal(found, null);
  assert.ok(looks < 2000 * 110, `${looks} looks`);
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
      const found = regex.match(text, quiet);
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
  let looks = 0;
  assert.equal(regex.match("a".repeat(3000) + "b", (characters) => looks += characters), null);
  assert.ok(looks < 3000 * 40, `${looks} looks`);
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
  assert.deepEqual(regex.match("xSubJECT!", quiet), ["SubJECT!", "JEC", "T"]);
});
