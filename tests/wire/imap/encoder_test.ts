import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { bad, Encoder, formatStatus, no, ok } from "../../../src/wire/imap/mod.ts";
import { ResponseParser, textOf } from "./parser.ts";
import { encoded } from "./support.ts";

Deno.test("strings are quoted where they can be, literals else", () => {
  const cases: [string, string][] = [
    ["", '""'],
    ["a b", '"a b"'],
    ['a"\\', '"a\\"\\\\"'],
    ["é", "{2}\r\né"],
    ["a\r\nb", "{4}\r\na\r\nb"],
    ["a\0b", "{2}\r\nab"],
    ["x".repeat(2000), `{2000}\r\n${"x".repeat(2000)}`],
  ];
  for (const [value, wire] of cases) assert.equal(encoded((encoder) => encoder.string(value)), wire);
  assert.equal(encoded((encoder) => encoder.nstring(null)), "NIL");
});

Deno.test("with UTF-8 switched on it stands between quotes (RFC 9755 section 3)", () => {
  const cases: [string, string][] = [
    ["é", '"é"'],
    ['日本 "本"\\', '"日本 \\"本\\"\\\\"'],
    ["é\r\n", "{4}\r\né\r\n"],
    ["\ud800", '"\ufffd"'],
    ["é".repeat(1001), `{2002}\r\n${"é".repeat(1001)}`],
  ];
  for (const [value, wire] of cases) {
    assert.equal(
      encoded((encoder) => {
        encoder.utf8 = true;
        encoder.string(value);
      }),
      wire,
    );
  }
});

Deno.test("astrings are atoms where they can be", () => {
  const cases: [string, string][] = [
    ["INBOX", "INBOX"],
    ["a/b", "a/b"],
    ["", '""'],
    ["nil", '"nil"'],
    ["a b", '"a b"'],
    ["a]", '"a]"'],
    ["a(b", '"a(b"'],
    ["100%", '"100%"'],
  ];
  for (const [value, wire] of cases) assert.equal(encoded((encoder) => encoder.astring(value)), wire);
});

Deno.test("every string reads back, as string and as astring", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    const clean = value.toWellFormed().replaceAll("\0", "");
    for (const kind of ["string", "astring"] as const) {
      const encoder = new Encoder();
      encoder[kind](value);
      const parser = new ResponseParser(encoder.take());
      assert.equal(textOf(parser.value()), clean);
      assert.ok(parser.done);
    }
  }));
});

Deno.test("what was taken is gone, and what was rewound never was", () => {
  const encoder = new Encoder();
  encoder.text("a").number(12).bytes(encodeUtf8("é"));
  assert.equal(encoder.length, 5);
  const mark = encoder.length;
  encoder.text("zzz").rewind(mark);
  assert.deepEqual(encoder.take(), encodeUtf8("a12é"));
  assert.equal(encoder.length, 0);
  encoder.text("b");
  assert.deepEqual(encoder.take(), encodeUtf8("b"));
});

Deno.test("status responses", () => {
  assert.equal(formatStatus("a1", ok("Done")), "a1 OK Done");
  assert.equal(formatStatus(null, no("x", { code: "TRYCREATE" })), "* NO [TRYCREATE] x");
  assert.equal(
    formatStatus("t", ok("x", { code: "COPYUID", data: "1 2 3" })),
    "t OK [COPYUID 1 2 3] x",
  );
  // No line end gets through, and resp-text is never empty.
  assert.equal(formatStatus("t", bad("a\r\nb")), "t BAD a??b");
  assert.equal(formatStatus("t", bad("")), "t BAD Done");
});
