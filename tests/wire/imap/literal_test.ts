import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1 } from "../../../src/core/bytes.ts";
import { literalAtEnd } from "../../../src/wire/imap/mod.ts";

Deno.test("literal announcements (RFC 3501 section 4.3, RFC 7888, RFC 3516 section 4.4)", () => {
  const cases: [string, unknown][] = [
    ["a {5}", { header: { size: 5, synchronizing: true, binary: false }, textLength: 2 }],
    ["{0}", { header: { size: 0, synchronizing: true, binary: false }, textLength: 0 }],
    ["x {120+}", { header: { size: 120, synchronizing: false, binary: false }, textLength: 2 }],
    [`{${"9".repeat(400)}+}`, {
      header: { size: Infinity, synchronizing: false, binary: false },
      textLength: 0,
    }],
    [`{${"0".repeat(400)}7}`, { header: { size: 7, synchronizing: true, binary: false }, textLength: 0 }],
    ["x ~{3}", { header: { size: 3, synchronizing: true, binary: true }, textLength: 2 }],
    ["~{3+}", { header: { size: 3, synchronizing: false, binary: true }, textLength: 0 }],
    ["{}", null],
    ["{+}", null],
    ["{5", null],
    ["5}", null],
    ["{5} ", null],
    ["{-5}", null],
    ["}", null],
    ["", null],
  ];
  for (const [text, expected] of cases) assert.deepEqual(literalAtEnd(encodeLatin1(text)), expected, text);
});

Deno.test("any line has an answer", () => {
  fc.assert(fc.property(fc.stringMatching(/^[a0-9{}+~]{0,12}$/), (line) => {
    const match = /~?\{([0-9]+)(\+?)\}$/.exec(line);
    const found = literalAtEnd(encodeLatin1(line));
    assert.equal(found?.header.size ?? null, match === null ? null : Number(match[1]));
    assert.equal(found?.textLength ?? null, match?.index ?? null);
  }));
});
