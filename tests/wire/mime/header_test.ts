/** Header fields (RFC 5322 section 2.2) and their choice by name (RFC 3501 section 6.4.5). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, encodeLatin1 } from "../../../src/core/bytes.ts";
import { headerFields, selectHeader } from "../../../src/wire/mime/mod.ts";
import { bytes, message } from "./support.ts";

const text = (found: Uint8Array) => String.fromCharCode(...found);

const table: readonly (readonly [header: string, ...fields: [name: string, value: string][]])[] = [
  [""],
  ["\r\n"],
  ["Subject: Hello\r\n\r\n", ["subject", "Hello"]],
  ["Subject:Hello", ["subject", "Hello"]],
  ["Subject \t: Hello  \r\n", ["subject", "Hello"]],
  ["Subject:\r\n Hello\r\n\tworld\r\n\r\n", ["subject", "Hello\tworld"]],
  ["Subject: Hello\n world\nX: y\n\nBody: z\n", ["subject", "Hello world"], ["x", "y"]],
  ["Empty:\r\nX: y\r\n", ["empty", ""], ["x", "y"]],
  ["A: 1\r\nA: 2\r\n", ["a", "1"], ["a", "2"]],
  ["A: 1\r\n   \r\nB: 2\r\n", ["a", "1"], ["b", "2"]],
  // UTF-8, else windows-1252, field by field.
  ["A: \xc3\xa0\r\nB: \xe0\r\nC: \x80\r\n", ["a", "à"], ["b", "à"], ["c", "€"]],
  ["A: a\0b\rc\r\n", ["a", "a\ufffdb c"]],
  // What is no field ends the header.
  ["A: 1\r\nno field\r\nB: 2\r\n", ["a", "1"]],
  [": no name\r\nA: 1\r\n"],
  ["A\0: 1\r\nB: 2\r\n"],
  [" folded first\r\nA: 1\r\n"],
  ["From alice Tue Jul  1\r\nA: 1\r\n", ["a", "1"]],
  [">From alice Tue Jul  1\r\nA: 1\r\n", ["a", "1"]],
  ["A: 1\r\nFrom alice Tue Jul  1\r\nB: 2\r\n", ["a", "1"]],
  ["__proto__: 1\r\n", ["__proto__", "1"]],
];

for (const [header, ...expected] of table) {
  Deno.test(`header: ${JSON.stringify(header)}`, () => {
    const fields = headerFields(bytes(header));
    assert.deepEqual(fields.map(({ name, value }) => [name, value]), expected);
    for (const { name, start, end } of fields) {
      assert.ok(header.slice(start, end).toLowerCase().startsWith(name));
    }
  });
}

const HEADER = message(`From: a@example.com
Subject: One
 and two
X-Odd : spaced
SUBJECT: again

`);

const chosen: readonly (readonly [names: string[], mode: "only" | "not", expected: string])[] = [
  [["subject"], "only", "Subject: One\r\n and two\r\nSUBJECT: again\r\n\r\n"],
  [["From", "x-odd"], "only", "From: a@example.com\r\nX-Odd : spaced\r\n\r\n"],
  [["none"], "only", "\r\n"],
  [[], "only", "\r\n"],
  [["SUBJECT"], "not", "From: a@example.com\r\nX-Odd : spaced\r\n\r\n"],
  [[], "not", "From: a@example.com\r\nSubject: One\r\n and two\r\nX-Odd : spaced\r\nSUBJECT: again\r\n\r\n"],
];

for (const [names, mode, expected] of chosen) {
  Deno.test(`header fields: ${mode} ${names}`, () =>
    assert.equal(text(selectHeader(HEADER, names, mode)), expected));
}

Deno.test("header fields: one that was cut off still ends in a line's end", () => {
  assert.equal(text(selectHeader(bytes("A: 1\r\nB: 2"), ["b"], "only")), "B: 2\r\n\r\n");
});

Deno.test("header fields: those chosen are those that the header has, whatever stands in it", () => {
  const names = ["From", "to", "X-", "k", "\xe4rger", "from "];
  const piece = fc.oneof(
    fc.constantFrom(...names, "FROM", "K", "\xc4RGER", "\u212a", ":", ": ", " :", "\t:", " ", "x", "\0"),
    fc.constantFrom("\r\n", "\n", "\r", "\r\n ", "\n\t", "\r\n\r\n", "From x 1\r\n", ">From y\n"),
  );
  const header = fc.array(piece, { maxLength: 40 }).map((pieces) => encodeLatin1(pieces.join("")));
  const chosen = fc.subarray([...names, "\u212a"]);
  const mode = fc.constantFrom("only" as const, "not" as const);
  fc.assert(
    fc.property(header, chosen, mode, (header, chosen, mode) => {
      assert.equal(text(selectHeader(header, chosen, mode)), text(chosenSlowly(header, chosen, mode)));
    }),
    { numRuns: 3000 },
  );
});

function chosenSlowly(header: Uint8Array, names: readonly string[], mode: "only" | "not"): Uint8Array {
  const wanted = names.map((name) => name.toLowerCase());
  const fields = headerFields(header)
    .filter(({ name }) => wanted.includes(name) === (mode === "only"))
    .map(({ start, end }) => header.subarray(start, end));
  const whole = concatBytes(fields);
  const rest = whole.length > 0 && whole.at(-1) !== 10 ? "\r\n\r\n" : "\r\n";
  return concatBytes([whole, bytes(rest)]);
}
