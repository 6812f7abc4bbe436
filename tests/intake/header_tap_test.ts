import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { encodeLatin1 } from "../../src/core/bytes.ts";
import { type HeaderFacts, HeaderTap } from "../../src/intake/header_tap.ts";
import { parseSpamField } from "../../src/intake/spam_fields.ts";

const SPAM_FIELDS = ["X-Spam-Flag: yes", "X-Spam-Status: Yes, *"].map((text) => parseSpamField(text)!);

function facts(text: string, options: { size?: number; watchEightBit?: boolean } = {}): HeaderFacts {
  const { size = Infinity, watchEightBit = true } = options;
  const tap = new HeaderTap({ watchEightBit, spamFields: SPAM_FIELDS });
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
  isSpam: false,
  bodyDigest: null,
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
  ["Delivered-To: a@b\r\n \r\n\rc\r\n\r\n", { size: 26, deliveredTo: ["a@b"] }],
  ["X-Spam-Flag:\r\n\tYES \r\n\r\n", { size: 21, isSpam: true }],
  ["x-spam-status: yes, score=9.1\r\n\r\n", { size: 31, isSpam: true }],
  ["X-Spam-Flag: no\r\nX-Spam-Flag: yes\r\nX-Spam-Flag: no\r\n\r\n", { size: 52, isSpam: true }],
  ["X-Spam-Flag: yes", { size: 16, isSpam: true }],
  ["X-Spam-Flag: yesterday\r\nX-Spam-Status: No, score=Yes,\r\n\r\nX-Spam-Flag: yes\r\n", { size: 55 }],
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
    "Delivered-To",
    "X-Spam-Flag: yes",
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

Deno.test("spam fields: what is one, and what is not", () => {
  const table: readonly (readonly [string, { name: string; value: string } | null])[] = [
    ["X-Spam-Flag: YES", { name: "x-spam-flag", value: "yes" }],
    ["X-Spam:a b:*", { name: "x-spam", value: "ab:*" }],
    ["X-Spam-Flag", null],
    ["X-Spam-Flag: ", null],
    ["X Spam: yes", null],
    [": yes", null],
    ["X-Spam: yes\r\nX: y", null],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseSpamField(text), expected, text);
});

Deno.test("header tap: the digest is that of the body, in whatever pieces", () => {
  const digest = (text: string, size = Infinity) => {
    const tap = new HeaderTap({ watchEightBit: false, digestBody: true });
    for (let at = 0; at < text.length; at += size) tap.write(encodeLatin1(text.slice(at, at + size)));
    return tap.finish().bodyDigest;
  };
  const expected = createHash("sha256").update("Hello\r\n\r\nDear\r\n").digest("base64url");
  for (const size of [1, 2, 3, 7, Infinity]) {
    assert.equal(digest("Subject: a\r\n\r\nHello\r\n\r\nDear\r\n", size), expected);
    assert.equal(digest("X: y\r\nReceived: z\r\n\r\nHello\r\n\r\nDear\r\n", size), expected);
  }
  assert.notEqual(digest("Subject: a\r\n\r\nHallo\r\n\r\nDear\r\n"), expected);
});
