import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import { Reply } from "../../src/core/reply.ts";
import { readHeader } from "../../src/queue/original.ts";
import { type ReportInput, writeReport } from "../../src/queue/report.ts";
import { parseMessage } from "../../src/wire/mime/mod.ts";
import { TEST_NOW } from "../support/fakes.ts";
import { address, HOST } from "./support.ts";

const HEADER = encodeUtf8(
  "From: Alice <alice@here.test>\r\nTo: bob@there.test\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= from\r\n here\r\n",
);

const BASE: ReportInput = {
  kind: "failed",
  id: "r1",
  originalId: "m1",
  hostname: "mx.here.test",
  now: TEST_NOW,
  sender: address("alice@here.test"),
  arrivedAt: TEST_NOW - 3_600_000,
  giveUpAt: TEST_NOW + 4 * 86_400_000,
  recipients: [{
    address: address("bob@there.test"),
    reply: new Reply(550, "5.1.1", "No such user here"),
    host: HOST,
    expired: false,
  }],
  header: { bytes: HEADER, cut: false },
};

/** Each report as it must be, byte for byte; to see a change, delete the file and run the test twice. */
const GOLDEN: readonly [string, ReportInput][] = [
  ["failed", BASE],
  ["failed_several", {
    ...BASE,
    recipients: [
      {
        address: address("full@there.test"),
        reply: new Reply(552, "5.2.2", ["The mailbox", "is full,", "see https://there.test/quota"]),
        host: HOST,
        expired: false,
      },
      {
        address: address("nobody@no.test"),
        reply: new Reply(550, "5.1.2", "The domain no.test does not exist"),
        host: null,
        expired: false,
      },
      {
        address: address("jürgen@there.test"),
        reply: new Reply(554, null, "Nö"),
        host: HOST,
        expired: false,
      },
    ],
  }],
  ["expired", {
    ...BASE,
    recipients: [{
      address: address("bob@slow.test"),
      reply: new Reply(451, "4.4.1", "No connection to mx.slow.test [192.0.2.9]:25: timed out"),
      host: null,
      expired: true,
    }],
    header: { bytes: new Uint8Array(0), cut: true },
  }],
  ["delayed", {
    ...BASE,
    kind: "delayed",
    recipients: [{
      address: address("bob@there.test"),
      reply: new Reply(450, "4.2.0", "Greylisted, come back later"),
      host: HOST,
      expired: false,
    }],
  }],
  ["relayed", {
    ...BASE,
    kind: "relayed",
    envelopeId: "Order+7",
    recipients: [{
      address: address("bob@there.test"),
      reply: new Reply(250, "2.0.0", "Queued as 4711"),
      host: HOST,
      expired: false,
      originalRecipient: "rfc822;robert@there.test",
    }],
  }],
  ["delivered", {
    ...BASE,
    kind: "delivered",
    recipients: [{
      address: address("bob@here.test"),
      reply: new Reply(250, "2.1.5", "Delivered"),
      host: null,
      expired: false,
      originalRecipient: "no typed address",
    }],
  }],
  ["failed_full", {
    ...BASE,
    full: concatBytes([HEADER, encodeUtf8("\r\nHello.\r\n")]),
  }],
  ["failed_utf8", {
    ...BASE,
    utf8: true,
    header: { bytes: encodeUtf8("Subject: Grüße\r\n"), cut: false },
    recipients: [{
      address: address("jürgen@there.test"),
      reply: new Reply(550, "5.1.1", "Unknown"),
      host: HOST,
      expired: false,
      originalRecipient: "utf-8;jürgen@there.test",
    }],
  }],
];

for (const [name, input] of GOLDEN) {
  Deno.test(`report: ${name} is as in golden/${name}.eml`, async () => {
    const path = `${import.meta.dirname}/golden/${name}.eml`;
    const expected = await Deno.readFile(path);
    assert.equal(decodeUtf8(writeReport(input)), decodeUtf8(expected));
  });
}

Deno.test("report: it is a multipart/report of three parts that a mail program can read (RFC 6522)", () => {
  const { structure, envelope } = parseMessage(writeReport(BASE));
  assert.equal(`${structure.type}/${structure.subtype}`, "multipart/report");
  assert.deepEqual(structure.params.find(([name]) => name === "report-type"), [
    "report-type",
    "delivery-status",
  ]);
  assert.deepEqual(structure.children.map((part) => `${part.type}/${part.subtype}`), [
    "text/plain",
    "message/delivery-status",
    "text/rfc822-headers",
  ]);
  assert.equal(envelope.to[0]!.mailbox, "alice");
});

Deno.test("report: whatever the other server says, no line of ours breaks and none is too long", () => {
  const words = fc.string({ unit: "binary", maxLength: 3000 });
  fc.assert(
    fc.property(words, words, fc.boolean(), (said, host, expired) => {
      const input: ReportInput = {
        ...BASE,
        recipients: [{
          address: address("bob@there.test"),
          reply: new Reply(550, null, [said, said]),
          host,
          expired,
        }],
      };
      const text = decodeLatin1(writeReport(input));
      const parts = text.split("--=_r1");
      assert.equal(parts.length, 5);
      for (const line of text.split("\r\n")) assert.ok(line.length <= 998 && !/[\r\n]/.test(line));
      const status = parts[2]!;
      assert.match(status.slice(0, status.indexOf("\r\n--") >>> 0), /^[\x20-\x7e\r\n]*$/);
      assert.equal(status.match(/^Final-Recipient:/gm)!.length, 1);
      assert.equal(status.match(/^Action: failed\r$/gm)!.length, 1);
    }),
    { numRuns: 200 },
  );
});

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

Deno.test("original: the header ends at the blank line, or at the last whole line that fits", async () => {
  const table: readonly [string, number, string, boolean][] = [
    ["A: 1\r\nB: 2\r\n\r\nbody\r\n\r\n", 100, "A: 1\r\nB: 2\r\n", false],
    ["A: 1\nB: 2\n\nbody", 100, "A: 1\nB: 2\n", false],
    ["\r\nbody", 100, "", false],
    ["A: 1\r\nB: 2\r\n\r\nbody", 10, "A: 1\r\n", true],
    ["A: 1\r\nB: 2\r\n", 100, "A: 1\r\nB: 2\r\n", false],
    ["A: 1111111111111111111", 10, "", true],
    ["A: 1\r\nB: 2\r\n\r\n", 12, "A: 1\r\nB: 2\r\n", false],
    ["", 10, "", false],
  ];
  for (const [text, limit, header, cut] of table) {
    for (const size of [1, 3, 1000]) {
      const found = await readHeader(pieces(encodeUtf8(text), size), limit);
      assert.deepEqual(
        [decodeUtf8(found.bytes), found.cut],
        [header, cut],
        `${JSON.stringify(text)} by ${size}`,
      );
    }
  }
});
