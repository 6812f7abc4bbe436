import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import { parseCommand, parseCount, parseMessageNumber } from "../../../src/wire/pop3/mod.ts";

const GOOD: [line: string, verb: string, rest: string][] = [
  ["NOOP\r\n", "NOOP", ""],
  ["noop\r\n", "NOOP", ""],
  ["STAT\n", "STAT", ""],
  ["USER alice@example.test\r\n", "USER", "alice@example.test"],
  ["PASS  two  spaces \r\n", "PASS", " two  spaces "],
  ["PASS p\u00e4ss\r\n", "PASS", "p\u00e4ss"],
  ["TOP 1 10\r\n", "TOP", "1 10"],
  ["LIST \r\n", "LIST", ""],
  ["utf8\r\n", "UTF8", ""],
];

Deno.test("parseCommand: verb and rest", () => {
  for (const [line, verb, rest] of GOOD) assert.deepEqual(parseCommand(encodeUtf8(line)), { verb, rest });
});

Deno.test("parseCommand: ISO 8859-1 where it is no UTF-8", () => {
  assert.equal(parseCommand(encodeLatin1("PASS p\u00e4ss\r\n")).rest, "p\u00e4ss");
});

Deno.test("parseCommand: what is no command", () => {
  const bad = [
    "\r\n",
    " USER a\r\n",
    "X\r\n",
    "US\u0000ER\r\n",
    "USER a\rb\r\n",
    "USER a\tb\r\n",
    "U2F\r\n",
    "+OK\r\n",
  ];
  for (const line of bad) {
    assert.throws(() => parseCommand(encodeUtf8(line)), ProtocolError, JSON.stringify(line));
  }
});

Deno.test("message numbers and counts", () => {
  assert.equal(parseMessageNumber("17"), 17);
  assert.equal(parseCount("0"), 0);
  for (const text of ["", "0", "-1", "+1", "1.0", "0x1", "1 2", " 1", "99999999999", "\u0661"]) {
    assert.throws(() => parseMessageNumber(text), ProtocolError, JSON.stringify(text));
  }
});

Deno.test("parseCommand: any bytes give a command or a ProtocolError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    try {
      const { verb } = parseCommand(bytes);
      assert.match(verb, /^[A-Z]{3,12}$/);
    } catch (error) {
      assert(error instanceof ProtocolError);
    }
  }));
});
