import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1 } from "../../../src/core/bytes.ts";
import { ProtocolError, Refusal } from "../../../src/core/errors.ts";
import {
  decodeUtf8Address,
  decodeXtext,
  DotReader,
  FlawScanner,
  parseBdat,
  parseMailArguments,
  parseRcptArguments,
} from "../../../src/wire/smtp/mod.ts";

Deno.test("BDAT arguments (RFC 3030 section 2)", () => {
  const table: readonly [argument: string, octets: number, last: boolean][] = [
    ["0", 0, false],
    ["00012", 12, false],
    ["86400 LAST", 86400, true],
    ["1  last", 1, true],
  ];
  for (const [argument, octets, last] of table) assert.deepEqual(parseBdat(argument), { octets, last });
  for (const argument of ["", "LAST", "-1", "1.0", "0x10", "1LAST", "1 LAST x", "1 2", "1".repeat(16), "١"]) {
    assert.throws(() => parseBdat(argument), ProtocolError, argument);
  }
});

Deno.test("xtext (RFC 3461 section 4)", () => {
  assert.equal(decodeXtext("a+2Bb+3Dc+20"), "a+b=c ");
  assert.equal(decodeXtext("+C3+BC"), "ü");
  assert.equal(decodeXtext("+FC"), "ü", "octets that are no UTF-8");
  for (const text of ["", "+", "+2", "+2b", "a b", "a=b", "ü", "\x7f"]) {
    assert.throws(() => decodeXtext(text), ProtocolError, text);
  }
});

Deno.test("utf-8 addresses (RFC 6533 section 3)", () => {
  assert.equal(decodeUtf8Address("a\\x{2B}b\\x{1F600}ü@c.example"), "a+b😀ü@c.example");
  assert.equal(decodeUtf8Address("😀"), "😀");
  for (
    const text of [
      "a+b",
      "a=b",
      "a b",
      "\\",
      "\\x{}",
      "\\x{1}",
      "\\x{D800}",
      "\\x{110000}",
      "\\x{2b}",
      "\\x{2B",
    ]
  ) {
    assert.throws(() => decodeUtf8Address(text), ProtocolError, text);
  }
});

const word = fc.constantFrom(
  ...["RET=", "ENVID=", "HOLDFOR=", "HOLDUNTIL=", "NOTIFY=", "ORCPT=", "BODY=", "REQUIRETLS", " ", ",", ";"],
  ...[
    "FULL",
    "NEVER",
    "SUCCESS",
    "rfc822",
    "utf-8",
    "a@b",
    "+2B",
    "\\x{2B}",
    "9",
    "2030-01-31T08:00:00Z",
    "ü",
  ],
);

Deno.test("any parameters are values or an error of the protocol", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      const text = words.join("");
      for (
        const parse of [
          () => parseMailArguments(`FROM:<a@b> ${text}`, { auth: true, hold: true }),
          () => parseRcptArguments(`TO:<a@b> ${text}`, { postmasterDomain: "b" }),
        ]
      ) {
        try {
          assert.doesNotMatch(JSON.stringify(parse()), /[\x00-\x1f]/);
        } catch (error) {
          assert.ok(error instanceof ProtocolError || error instanceof Refusal, String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("by count or by dot, the same text is refused, cut anywhere", () => {
  const text = fc.array(fc.constantFrom("\r\n", "\r", "\n", "\0", "a", "bc"), { maxLength: 12 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 5 }), (text, size) => {
      const scanner = new FlawScanner();
      for (let at = 0; at < text.length; at += size) scanner.push(encodeLatin1(text.slice(at, at + size)));
      scanner.finish();
      const reader = new DotReader();
      // Another line, so that a CR at the end is seen to stand alone.
      reader.push(encodeLatin1(`${text}x\r\n.\r\n`));
      assert.equal(scanner.flaw, reader.flaw);
    }),
    { numRuns: 2000 },
  );
});
