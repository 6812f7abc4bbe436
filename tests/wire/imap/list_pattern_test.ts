import assert from "node:assert/strict";
import fc from "fast-check";
import { ListPattern } from "../../../src/wire/imap/mod.ts";

Deno.test("patterns of LIST (RFC 3501 section 6.3.8)", () => {
  const cases: [pattern: string, name: string, matches: boolean][] = [
    ["*", "a/b", true],
    ["%", "a", true],
    ["%", "a/b", false],
    ["%/%", "a/b", true],
    ["%/%", "a/b/c", false],
    ["a*", "a", true],
    ["a/*", "a", false],
    ["a/%", "a/b", true],
    ["*b", "a/b", true],
    ["a%c", "abc", true],
    ["a%c", "a/c", false],
    ["%*", "a/b", true],
    ["%%", "a", true],
    ["a", "A", false],
    ["inbox", "INBOX", true],
    ["inb%", "INBOX", true],
    ["inbox/a", "INBOX/a", true],
    ["inbox/A", "INBOX/a", false],
    ["*x", "INBOX", true],
    ["", "", true],
    ["", "a", false],
    ["é%", "éa", true],
    ["%.", "..", true],
  ];
  for (const [pattern, name, matches] of cases) {
    assert.equal(new ListPattern(pattern).matches(name), matches, `${pattern} on ${name}`);
  }
});

Deno.test("a pattern agrees with the obvious matcher, name after name", () => {
  const pattern = fc.stringMatching(/^[ab/%*]{0,8}$/);
  const names = fc.array(fc.stringMatching(/^[ab/]{0,10}$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(pattern, names, (text, list) => {
      const matcher = new ListPattern(text);
      const naive = new RegExp(`^${text.replaceAll("*", ".*").replaceAll("%", "[^/]*")}$`);
      for (const name of list) assert.equal(matcher.matches(name), naive.test(name), `${text} on ${name}`);
    }),
    { numRuns: 1000 },
  );
});

// With a matcher that tries one possibility after the other this would not end.
Deno.test("a pattern made to be slow is not", () => {
  assert.equal(new ListPattern("%a*".repeat(300) + "b").matches("a".repeat(500)), false);
});
