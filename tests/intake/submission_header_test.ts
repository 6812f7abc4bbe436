import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import { type AuthorField, SubmissionHeader } from "../../src/intake/submission_header.ts";

/** What is passed on, and the authors, with the message cut into pieces. */
function filter(text: string, size = Infinity): { kept: string; authors: readonly AuthorField[] } {
  const header = new SubmissionHeader();
  const bytes = encodeUtf8(text);
  const kept: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    kept.push(header.write(bytes.slice(at, Math.min(bytes.length, at + size))).slice());
  }
  kept.push(header.finish());
  return { kept: decodeUtf8(concatBytes(kept)), authors: header.authors };
}

Deno.test("submission header: Bcc goes, with its continuation lines, and nothing else", () => {
  const table: readonly [string, string][] = [
    ["", ""],
    ["A: b\r\nBcc: x@y\r\nC: d\r\n\r\nBcc: body\r\n", "A: b\r\nC: d\r\n\r\nBcc: body\r\n"],
    ["BCC: x@y,\r\n z@y\r\n\t(more)\r\nC: d\r\n\r\n", "C: d\r\n\r\n"],
    ["bcc : obsolete@y\r\n\r\n", "\r\n"],
    ["Resent-Bcc: x@y\r\nResent-To: z@y\r\n\r\n", "Resent-To: z@y\r\n\r\n"],
    ["Bcc:\r\n\r\nBody", "\r\nBody"],
    ["Bccx: 1\r\nX-Bcc: 2\r\nBc: 3\r\n\r\n", "Bccx: 1\r\nX-Bcc: 2\r\nBc: 3\r\n\r\n"],
    ["A: b\r\n Bcc: folded\r\n\r\n", "A: b\r\n Bcc: folded\r\n\r\n"],
    ["Bcc: x@y\r\nBcc: z@y\r\nA: b", "A: b"],
    // A header that never ends, or is none.
    ["Bcc: x@y", ""],
    ["Bcc", "Bcc"],
    ["junk without a colon\r\nBcc: x\r\n\r\n", "junk without a colon\r\n\r\n"],
    ["\r\nBcc: body\r\n", "\r\nBcc: body\r\n"],
    ["\nBcc: body\n", "\nBcc: body\n"],
    [`${"n".repeat(100)}: v\r\nBcc: x\r\n\r\n`, `${"n".repeat(100)}: v\r\n\r\n`],
    [" first line folded\r\nBcc: x\r\n\r\n", " first line folded\r\n\r\n"],
  ];
  for (const [text, expected] of table) {
    for (const size of [Infinity, 1, 2, 3, 7]) {
      assert.equal(filter(text, size).kept, expected, JSON.stringify(text));
    }
  }
});

Deno.test("submission header: the body goes by uncopied", () => {
  const header = new SubmissionHeader();
  header.write(encodeUtf8("A: b\r\n\r\n"));
  const chunk = encodeUtf8("Bcc: body");
  assert.equal(header.write(chunk), chunk);
});

Deno.test("submission header: From and Sender are kept, unfolded", () => {
  const text =
    "From: =?x?=\r\n <a@b>\r\nSENDER : c@d\r\nX-From: no\r\nFrom: J\u00f6rg <e@f>\r\n\r\nFrom: body@x\r\n";
  const expected = [
    { name: "from", value: "=?x?= <a@b>" },
    { name: "sender", value: "c@d" },
    { name: "from", value: "J\u00f6rg <e@f>" },
  ];
  for (const size of [Infinity, 1, 5]) assert.deepEqual(filter(text, size).authors, expected);
  assert.equal(filter("From: a\r\n".repeat(1000)).authors.length, 8);
  assert.equal(filter(`From: ${"x".repeat(20_000)}\r\n\r\n`).authors[0]?.value, null);
});

Deno.test("submission header: however it is cut, the same comes out; and lines that are not Bcc all do", () => {
  const line = fc.oneof(
    fc.constantFrom(
      "Bcc: a",
      "From: b@c",
      " folded",
      "\tfolded",
      "Sender: x",
      "",
      "X: y",
      "bcc",
      "Bcc :z",
      "\r",
      ":",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.integer({ min: 1, max: 9 }), (lines, size) => {
      const text = lines.join("\r\n");
      assert.deepEqual(filter(text, size), filter(text));
      const { kept } = filter(text);
      assert.ok(kept.length <= text.length);
      if (!/bcc/i.test(text)) assert.equal(kept, text);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const header = new SubmissionHeader();
    const kept = concatBytes([header.write(bytes), header.finish()]);
    if (!/bcc/i.test(decodeLatin1(bytes))) assert.deepEqual(kept, bytes);
  }));
});
