import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  decodeAuthenticate,
  decodeCheckscript,
  decodeDeletescript,
  decodeGetscript,
  decodeHavespace,
  decodeNoop,
  decodePutscript,
  Decoder,
  decodeRenamescript,
  decodeSaslResponse,
  decodeSetactive,
  literalAtEnd,
  LONGEST_NAME,
} from "../../../src/wire/managesieve/mod.ts";

/** What stands behind the name of a command; each part but the last is followed by its literal. */
function args(text: string, ...more: [literal: string, text: string][]): Decoder {
  const parts = [text, ...more.map(([, behind]) => behind)];
  return new Decoder(parts.map((part, index) => {
    const literal = more[index]?.[0];
    return { text: encodeUtf8(part), literal: literal === undefined ? null : encodeUtf8(literal) };
  }));
}

Deno.test("literalAtEnd: RFC 5804 section 4, literal-c2s", () => {
  const rows: [line: string, size: number | null, isAllowed: boolean, text: string][] = [
    ['PUTSCRIPT "a" {12+}', 12, true, 'PUTSCRIPT "a" '],
    ["{0+}", 0, true, ""],
    ["CHECKSCRIPT {5}", 5, false, "CHECKSCRIPT "],
    ["{99999999999999999999+}", 1e20, true, ""],
    ["NOOP", null, false, ""],
    ["NOOP {}", null, false, ""],
    ["NOOP {+}", null, false, ""],
    ["NOOP {5+} ", null, false, ""],
    ["NOOP {-5+}", null, false, ""],
    ["NOOP 5+}", null, false, ""],
  ];
  for (const [line, size, isAllowed, text] of rows) {
    const found = literalAtEnd(encodeUtf8(line));
    if (size === null) assert.equal(found, null, line);
    else assert.deepEqual(found, { header: { size, isAllowed }, textLength: text.length }, line);
  }
  assert.equal(literalAtEnd(encodeUtf8(`{${"0".repeat(400)}+}`))?.header.size, 0);
});

Deno.test("arguments: what each command reads", () => {
  assert.deepEqual(decodeAuthenticate(args(' "plain"')), { mechanism: "PLAIN", initial: null });
  assert.deepEqual(decodeAuthenticate(args(' "PLAIN" "AGE="')), { mechanism: "PLAIN", initial: "AGE=" });
  assert.deepEqual(decodeAuthenticate(args(" ", ["PLAIN", " "], ["AGE=", ""])), {
    mechanism: "PLAIN",
    initial: "AGE=",
  });
  assert.equal(decodeSaslResponse(args('"AGE="')), "AGE=");
  assert.equal(decodeSaslResponse(args('""')), "");
  assert.deepEqual(decodeHavespace(args(' "a b" 0')), { name: "a b", bytes: 0 });
  assert.deepEqual(decodeHavespace(args(' "a" 4294967295')), { name: "a", bytes: 4294967295 });
  assert.deepEqual(decodePutscript(args(' "a" ""')), { name: "a", script: "" });
  assert.deepEqual(decodePutscript(args(" ", ["a", " "], ['keep;\r\n"', ""])), {
    name: "a",
    script: 'keep;\r\n"',
  });
  assert.deepEqual(decodeCheckscript(args(' "say \\"a\\\\b\\""')), { script: 'say "a\\b"' });
  assert.deepEqual(decodeSetactive(args(' ""')), { name: null });
  assert.deepEqual(decodeSetactive(args(' "a"')), { name: "a" });
  assert.deepEqual(decodeGetscript(args(' "a"')), { name: "a" });
  assert.deepEqual(decodeDeletescript(args(' "a"')), { name: "a" });
  assert.deepEqual(decodeRenamescript(args(' "a" "b"')), { from: "a", to: "b" });
  assert.deepEqual(decodeNoop(args("")), { tag: null });
  assert.deepEqual(decodeNoop(args(' ""')), { tag: "" });
  assert.deepEqual(decodeNoop(args(' "s-42"')), { tag: "s-42" });
});

Deno.test("arguments: what is refused", () => {
  const wrong: [(args: Decoder) => unknown, Decoder][] = [
    [decodeAuthenticate, args("")],
    [decodeAuthenticate, args(" PLAIN")],
    [decodeAuthenticate, args(' "PLAIN" "a" "b"')],
    [decodeSaslResponse, args('"*"')],
    [decodeSaslResponse, args("*")],
    [decodeSaslResponse, args('"a" ')],
    [decodeHavespace, args(' "a"')],
    [decodeHavespace, args(' "a" 01')],
    [decodeHavespace, args(' "a" -1')],
    [decodeHavespace, args(' "a" 4294967296')],
    [decodeHavespace, args(' "a" "1"')],
    [decodePutscript, args(' "a"')],
    [decodePutscript, args(' "" "keep;"')],
    [decodePutscript, args(' "a"  "keep;"')],
    [decodeCheckscript, args(' "unended')],
    [decodeCheckscript, args(' "bad \\n escape"')],
    [decodeCheckscript, args(' "a\0b"')],
    [decodeCheckscript, args(' "a\rb"')],
    [decodeCheckscript, new Decoder([{ text: encodeLatin1(' "\u00fc"'), literal: null }])],
    [decodeCheckscript, new Decoder([{ text: encodeLatin1(" "), literal: encodeLatin1("\u00fc") }])],
    [decodeGetscript, args(' ""')],
    [decodeDeletescript, args(" a")],
    [decodeRenamescript, args(' "a" ""')],
    [decodeNoop, args(" ")],
    [decodeNoop, args(' "a"b')],
  ];
  for (const [decode, decoder] of wrong) assert.throws(() => decode(decoder), ProtocolError, decode.name);
});

Deno.test("names of scripts: RFC 5804 section 1.6", () => {
  const read = (name: string) => decodeGetscript(args(" ", [name, ""])).name;
  assert.equal(read("Ferien \u00fc\u{1f334}"), "Ferien \u00fc\u{1f334}");
  // RFC 5198: the same letters are the same name.
  assert.equal(read("u\u0308"), "\u00fc");
  assert.equal(read("a".repeat(LONGEST_NAME)).length, LONGEST_NAME);
  assert.equal([...read("\u{1f334}".repeat(LONGEST_NAME))].length, LONGEST_NAME);
  const wrong = ["a\nb", "a\tb", "a\0", "\x7f", "\u0085", "\u2028", "\u2029", "a".repeat(LONGEST_NAME + 1)];
  for (const name of [...wrong, "\u{1f334}".repeat(LONGEST_NAME + 1), "x".repeat(100_000)]) {
    assert.throws(() => read(name), ProtocolError, JSON.stringify(name.slice(0, 20)));
  }
});

Deno.test("Decoder: any bytes give arguments or a ProtocolError", () => {
  const decoders = [decodeAuthenticate, decodePutscript, decodeHavespace, decodeRenamescript, decodeNoop];
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.array(fc.constantFrom(" ", '"', "\\", "a", "1", "{", "\u00fc")).map((parts) =>
      encodeUtf8(parts.join(""))
    ),
  );
  const segment = fc.record({
    text,
    literal: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null }),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 4 }), fc.constantFrom(...decoders), (segments, decode) => {
      try {
        decode(new Decoder(segments));
      } catch (error) {
        assert(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
