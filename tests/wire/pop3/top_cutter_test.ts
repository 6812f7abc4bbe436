import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../../src/core/bytes.ts";
import { TopCutter } from "../../../src/wire/pop3/mod.ts";

function cut(message: string, lines: number, chunkSize = Infinity): string {
  const cutter = new TopCutter(lines);
  const bytes = encodeLatin1(message);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length && !cutter.done; at += Math.min(chunkSize, bytes.length)) {
    parts.push(cutter.write(bytes.subarray(at, at + chunkSize)));
  }
  return decodeLatin1(concatBytes(parts));
}

const HEADER = "From: a\r\nTo: b\r\n\r\n";

const TABLE: [message: string, lines: number, top: string][] = [
  [`${HEADER}1\r\n2\r\n3\r\n`, 0, HEADER],
  [`${HEADER}1\r\n2\r\n3\r\n`, 2, `${HEADER}1\r\n2\r\n`],
  [`${HEADER}1\r\n2\r\n3\r\n`, 9, `${HEADER}1\r\n2\r\n3\r\n`],
  [`${HEADER}\r\n\r\n3\r\n`, 1, `${HEADER}\r\n`],
  ["A: 1\n\nbody\nmore\n", 1, "A: 1\n\nbody\n"],
  ["A: 1\r\nno body", 5, "A: 1\r\nno body"],
  ["\r\nbody\r\nmore\r\n", 1, "\r\nbody\r\n"],
  ["A: 1\r\n\r\r\nB: 2\r\n\r\nbody\r\n", 0, "A: 1\r\n\r\r\nB: 2\r\n\r\n"],
  ["", 3, ""],
];

Deno.test("TopCutter: whole and in pieces of every size", () => {
  for (const [message, lines, top] of TABLE) {
    for (const size of [Infinity, 1, 2, 3, 7]) {
      assert.equal(cut(message, lines, size), top, `${JSON.stringify(message)} by ${size}`);
    }
  }
});

Deno.test("TopCutter: a prefix of the message, the same for every cut into chunks", () => {
  const pieces = fc.array(fc.constantFrom("a", "\r\n", "\n", "\r", "b: c", "\r\n\r\n"), { maxLength: 30 });
  fc.assert(fc.property(pieces, fc.nat(4), fc.integer({ min: 1, max: 5 }), (parts, lines, size) => {
    const message = parts.join("");
    const whole = cut(message, lines);
    assert(message.startsWith(whole));
    assert.equal(cut(message, lines, size), whole);
  }));
});
