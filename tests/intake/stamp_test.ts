import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8 } from "../../src/core/bytes.ts";
import type { SubmitContext } from "../../src/core/ports.ts";
import { makeStamp, type StampInput } from "../../src/intake/stamp.ts";
import { parseMessage } from "../../src/wire/mime/mod.ts";
import { TEST_NOW } from "../support/fakes.ts";

const CONTEXT: SubmitContext = {
  id: "m1",
  sessionId: "s1",
  origin: "smtp",
  protocol: "ESMTPS",
  client: { address: "192.0.2.7", helo: "mx.there.test" },
  account: null,
  tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", servername: null },
};

const BOB = { local: "bob", domain: "here.test" };

const BASE: StampInput = {
  context: CONTEXT,
  sender: { local: "alice", domain: "there.test" },
  recipients: [BOB],
  smtputf8: false,
  hostname: "mx.here.test",
  now: TEST_NOW,
  add: { date: false, messageId: false },
};

function stamp(input: Partial<StampInput>): string {
  return decodeUtf8(makeStamp({ ...BASE, ...input }).prefix);
}

function context(options: Partial<SubmitContext>): Partial<StampInput> {
  return { context: { ...CONTEXT, ...options } };
}

Deno.test("stamp: Return-Path, then Received (RFC 5321 section 4.4)", () => {
  assert.equal(
    stamp({}),
    "Return-Path: <alice@there.test>\r\n" +
      "Received: from mx.there.test ([192.0.2.7])\r\n" +
      "\tby mx.here.test with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n" +
      "\tid m1\r\n" +
      "\tfor <bob@here.test>; Fri, 02 Jan 2026 03:04:05 +0000\r\n",
  );
});

Deno.test("stamp: the copy that leaves starts behind Return-Path", () => {
  const { prefix, skip } = makeStamp(BASE);
  assert.ok(decodeUtf8(prefix.subarray(skip)).startsWith("Received: from "));
});

const ROWS: readonly [string, Partial<StampInput>, RegExp][] = [
  ["the null sender", { sender: null }, /^Return-Path: <>\r\n/],
  ["several recipients are not named", { recipients: [BOB, { ...BOB, local: "eve" }] }, /\tid m1; Fri/],
  ["a recipient in UTF-8 only with SMTPUTF8", { recipients: [{ ...BOB, local: "jürgen" }] }, /\tid m1; Fri/],
  [
    "a recipient in UTF-8",
    { recipients: [{ ...BOB, local: "jürgen" }], smtputf8: true },
    /for <jürgen@here\.test>; Fri/,
  ],
  ["no TLS", context({ tls: null, protocol: "SMTP" }), /\tby mx\.here\.test with SMTP\r\n/],
  [
    "an IPv6 client",
    context({ client: { address: "2001:db8::7", helo: "x" } }),
    /from x \(\[IPv6:2001:db8::7\]\)/,
  ],
  [
    "a literal in HELO",
    context({ client: { address: "192.0.2.7", helo: "[192.0.2.7]" } }),
    /from \[192\.0\.2\.7\] \(/,
  ],
  ["no name in HELO", context({ client: { address: "192.0.2.7", helo: "" } }), /from unknown \(/],
  [
    "what we made ourselves",
    context({ client: null, protocol: "", tls: null }),
    /Received: by mx\.here\.test\r\n\tid/,
  ],
  [
    "what a submission lacks",
    { add: { date: true, messageId: true } },
    /\r\nDate: Fri, 02 Jan 2026 03:04:05 \+0000\r\nMessage-ID: <m1@mx\.here\.test>\r\n$/,
  ],
];

for (const [what, input, pattern] of ROWS) {
  Deno.test(`stamp: ${what}`, () => assert.match(stamp(input), pattern));
}

Deno.test("stamp: nothing the client says begins a header line of its own", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("a\r\nBcc: x", "a\nX: y", "x) (\r\n\r\nbody", "\u2028"),
  );
  fc.assert(
    fc.property(text, text, text, text, (helo, local, protocol, address) => {
      const { prefix } = makeStamp({
        ...BASE,
        ...context({ client: { address, helo }, protocol }),
        sender: { local, domain: "there.test" },
        recipients: [{ local, domain: "here.test" }],
      });
      const lines = decodeUtf8(prefix).split("\r\n");
      assert.ok(lines.every((line) => !/[\r\n]/.test(line)));
      const fields = lines.filter((line) => !line.startsWith("\t"));
      assert.deepEqual(fields.map((line) => line.slice(0, line.indexOf(":"))), [
        "Return-Path",
        "Received",
        "",
      ]);
      assert.equal(parseMessage(prefix).receivedCount, 1);
    }),
    { numRuns: 500 },
  );
});
