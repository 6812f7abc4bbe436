import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1 } from "../../src/core/bytes.ts";
import { type HeaderFacts, HeaderTap } from "../../src/intake/header_tap.ts";

function facts(text: string, options: { size?: number; watchEightBit?: boolean } = {}): HeaderFacts {
  const { size = Infinity, watchEightBit = true } = options;
  const tap = new HeaderTap({ watchEightBit });
  const bytes = encodeLatin1(text);
  for (let at = 0; at < bytes.length; at += size) tap.write(bytes.subarray(at, at + size));
  return tap.finish();
}

const NONE: HeaderFacts = {
  size: 0,
  received: 0,
  hasDate: false,
  hasMessageId: false,
  messageId: null,
  deliveredTo: [],
  eightBit: { header: false, anywhere: false },
};

const ROWS: readonly (readonly [string, Partial<HeaderFacts>])[] = [
  ["", {}],
  [
    "Delivered-To: <x>\r\nDelivered-to:A@B.test\r\n\r\nDelivered-To: body\r\n",
    { size: 42, deliveredTo: ["<x>", "a@b.test"] },
  ],
  ["\r\nReceived: in the body\r\n", {}],
  ["\nDate: in the body\n", {}],
  ["Received: a\r\nRECEIVED : b\r\nreceived:c\r\n\r\nReceived: d\r\n", { size: 39, received: 3 }],
  ["Subject: a\r\n Received: folded\r\n\tDate: folded\r\n\r\n", { size: 46 }],
  ["Date: now\r\n\r\n", { size: 11, hasDate: true }],
  ["Date\r\n: now\r\n\r\n", { size: 13 }],
  ["Message-Id: <a@b>\r\n\r\n", { size: 19, hasMessageId: true, messageId: "<a@b>" }],
  ["Message-ID:\r\n <a@b>\r\nX: y\r\n\r\n", { size: 27, hasMessageId: true, messageId: "<a@b>" }],
  ["Message-ID: <a>\nMessage-ID: <b>\n\nx", { size: 32, hasMessageId: true, messageId: "<a>" }],
  ["X: caf\xe9\r\n\r\n", { size: 9, eightBit: { header: true, anywhere: true } }],
  ["X: y\r\n\r\ncaf\xe9", { size: 6, eightBit: { header: false, anywhere: true } }],
  ["no header at all", { size: 16 }],
  ["\rDate: x\r\n\r\n", { size: 10 }],
  ["X-Very-Long-Name-That-Ends-In-Message-ID: 1\r\n\r\n", { size: 45 }],
];

Deno.test("header tap: what it notes, whatever the pieces", () => {
  for (const [text, expected] of ROWS) {
    for (const size of [1, 2, 3, 7, Infinity]) {
      assert.deepEqual(facts(text, { size }), { ...NONE, ...expected }, `${JSON.stringify(text)} by ${size}`);
    }
  }
});

Deno.test("header tap: any bytes in any pieces give the same facts", () => {
  const bit = fc.constantFrom(
    "Received",
    "Date",
    "Message-ID",
    ":",
    " ",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "x",
    "\xff",
  );
  fc.assert(
    fc.property(fc.array(bit, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (bits, size) => {
      assert.deepEqual(facts(bits.join(""), { size }), facts(bits.join("")));
    }),
    { numRuns: 500 },
  );
});

Deno.test("header tap: the message id for the log is printable and bounded", () => {
  const { messageId } = facts(`Message-ID: <\x1b[31m${"a".repeat(100_000)}>\r\n\r\n`);
  assert.ok(messageId!.length <= 250 && /^[\x21-\x7e]*$/.test(messageId!));
});

Deno.test("header tap: bytes above 127 are looked for only when asked", () => {
  assert.equal(facts("X: caf\xe9\r\n\r\n", { watchEightBit: false }).eightBit, null);
});
