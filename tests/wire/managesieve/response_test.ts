import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import {
  bye,
  decodeCheckscript,
  Decoder,
  encodeCapabilities,
  encodeChallenge,
  encodeResponse,
  encodeScript,
  encodeScriptList,
  literalAtEnd,
  no,
  ok,
} from "../../../src/wire/managesieve/mod.ts";

const text = (pieces: Uint8Array | readonly Uint8Array[]) =>
  [pieces].flat().map((piece) => decodeUtf8(piece as Uint8Array)).join("");

Deno.test("responses: RFC 5804 sections 1.2 and 1.3", () => {
  const rows: [Uint8Array, string][] = [
    [encodeResponse(ok("Done")), 'OK "Done"\r\n'],
    [encodeResponse(ok("Done", { code: "TAG", data: 'a"b' })), 'OK (TAG "a\\"b") "Done"\r\n'],
    [encodeResponse(ok("Done", { code: "TAG", data: "a\r\nb" })), 'OK (TAG {4}\r\na\r\nb) "Done"\r\n'],
    [encodeResponse(ok("In", { code: "SASL", data: "dj0=" })), 'OK (SASL "dj0=") "In"\r\n'],
    [encodeResponse(no("No", { code: "QUOTA/MAXSIZE" })), 'NO (QUOTA/MAXSIZE) "No"\r\n'],
    [encodeResponse(no("Line 1\r\nLine 2")), "NO {14}\r\nLine 1\r\nLine 2\r\n"],
    [encodeResponse(bye("\u00dc")), 'BYE "\u00dc"\r\n'],
    [encodeChallenge(new Uint8Array(0)), '""\r\n'],
    [encodeChallenge(encodeUtf8("r=1")), '"cj0x"\r\n'],
    [encodeScript(""), "{0}\r\n\r\n"],
    [encodeScript("keep;\r\n"), "{7}\r\nkeep;\r\n\r\n"],
  ];
  for (const [bytes, wanted] of rows) assert.equal(text(bytes), wanted);
});

Deno.test("a string of more than 1024 octets is a literal (erratum 2655)", () => {
  assert.equal(text(encodeResponse(no("\u00fc".repeat(512)))), `NO "${"\u00fc".repeat(512)}"\r\n`);
  assert.equal(text(encodeResponse(no("\u00fc".repeat(513)))), `NO {1026}\r\n${"\u00fc".repeat(513)}\r\n`);
});

Deno.test("capabilities and lists: RFC 5804 sections 1.7 and 2.7", () => {
  const capabilities = encodeCapabilities([["SASL", ""], ["STARTTLS", null], ["VERSION", "1.0"]]);
  assert.equal(text(capabilities), '"SASL" ""\r\n"STARTTLS"\r\n"VERSION" "1.0"\r\n');
  const list = encodeScriptList([{ name: "a", isActive: false }, { name: 'b"\\', isActive: true }]);
  assert.equal(text(list), '"a"\r\n"b\\"\\\\" ACTIVE\r\n');
});

Deno.test("whatever a script is, it comes back as it was, from a quoted string and from a literal", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (script) => {
    const line = encodeResponse(no(script)).subarray(3);
    const end = line.indexOf(10);
    const header = line[0] === 34 ? null : literalAtEnd(line.subarray(0, end - 1));
    const segments = header === null
      ? [{ text: encodeUtf8(` ${decodeUtf8(line).slice(0, -2)}`), literal: null }]
      : [
        { text: encodeUtf8(" "), literal: line.subarray(end + 1, end + 1 + header.header.size) },
        { text: new Uint8Array(0), literal: null },
      ];
    assert.equal(decodeCheckscript(new Decoder(segments)).script, script);
  }));
});
