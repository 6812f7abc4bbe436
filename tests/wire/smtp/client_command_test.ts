import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  commandLine,
  mailCommand,
  parseCommandLine,
  parseMailArguments,
  parseRcptArguments,
  rcptCommand,
} from "../../../src/wire/smtp/mod.ts";

const A = { local: "a", domain: "c.example" };

Deno.test("commands", () => {
  const table = [
    [commandLine("QUIT"), "QUIT\r\n"],
    [commandLine("EHLO", "mx.example.com"), "EHLO mx.example.com\r\n"],
    [mailCommand(null), "MAIL FROM:<>\r\n"],
    [mailCommand(A, { size: 0 }), "MAIL FROM:<a@c.example> SIZE=0\r\n"],
    [
      mailCommand({ local: "ü", domain: "c.example" }, { size: 9, eightBit: true, smtputf8: true }),
      "MAIL FROM:<ü@c.example> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n",
    ],
    [rcptCommand({ local: 'a b"c', domain: "[192.0.2.1]" }), 'RCPT TO:<"a b\\"c"@[192.0.2.1]>\r\n'],
    [rcptCommand({ local: "a> SIZE=1 <b", domain: "c.example" }), 'RCPT TO:<"a> SIZE=1 <b"@c.example>\r\n'],
  ] as const;
  for (const [bytes, text] of table) assert.equal(decodeUtf8(bytes), text);
});

Deno.test("what cannot be written safely is refused", () => {
  const bad = [
    () => commandLine("EHLO", "a\r\nMAIL"),
    () => commandLine("QUIT\n"),
    () => rcptCommand({ local: "a\r\nDATA", domain: "c.example" }),
    () => rcptCommand({ local: "a\0", domain: "c.example" }),
    () => rcptCommand({ local: "", domain: "c.example" }),
    () => rcptCommand({ local: "a", domain: "c.example>\r\nDATA" }),
    () => rcptCommand({ local: "a", domain: "c.example> NOTIFY=NEVER" }),
    () => rcptCommand({ local: "a", domain: "[192.0.2.1]>\r\nDATA\r\n[" }),
    () => rcptCommand({ local: "a", domain: "" }),
    () => rcptCommand({ local: "ü", domain: "c.example" }),
    () => mailCommand({ local: "ü", domain: "c.example" }),
  ];
  for (const make of bad) assert.throws(make, ProtocolError);
});

Deno.test("whatever the values, it is one command that says what was meant, or nothing", () => {
  const text = fc.string({
    unit: fc.constantFrom(
      "a",
      "b.c",
      "@",
      "<",
      ">",
      '"',
      "\\",
      " ",
      "\r",
      "\n",
      "\0",
      "ü",
      "[",
      "]",
      ":",
      ".",
    ),
  });
  fc.assert(
    fc.property(text, text, (local, domain) => {
      for (const make of [mailCommand, rcptCommand]) {
        let bytes: Uint8Array;
        try {
          bytes = make({ local, domain }, { smtputf8: true });
        } catch (error) {
          assert.ok(error instanceof ProtocolError);
          continue;
        }
        const { argument } = parseCommandLine(bytes);
        const parsed = make === mailCommand
          ? parseMailArguments(argument, { auth: false }).sender
          : parseRcptArguments(argument, { postmasterDomain: "x.example" }).recipient;
        assert.equal(parsed?.local, local);
      }
    }),
    { numRuns: 1000 },
  );
});
