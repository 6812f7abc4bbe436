import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeLatin1 } from "../../../src/core/bytes.ts";
import { ConnectionLostError, ProtocolError, TimeoutError } from "../../../src/core/errors.ts";
import { LineReader } from "../../../src/core/line_reader.ts";
import { reply } from "../../../src/core/reply.ts";
import { encodeReply, parseOffer, readReply, type ReplyLimits } from "../../../src/wire/smtp/mod.ts";
import { connPair } from "../../support/fake_conn.ts";

/** The reading side of a pair is as good for a client as for a server. */
async function readFrom(text: string, options: { chunkSize?: number; limits?: Partial<ReplyLimits> } = {}) {
  const { server, client } = connPair(
    options.chunkSize === undefined ? {} : { chunkSize: options.chunkSize },
  );
  client.write(text);
  client.close();
  return await readReply(new LineReader(server), { timeoutMs: 1000, limits: options.limits ?? {} });
}

Deno.test("replies are written with code and enhanced code on each line", () => {
  const table = [
    [reply(250, null, "mx.example.com"), "250 mx.example.com\r\n"],
    [reply(250, null, ["a", "b"]), "250-a\r\n250 b\r\n"],
    [reply(550, "5.1.1", ["No such user", "here"]), "550-5.1.1 No such user\r\n550 5.1.1 here\r\n"],
    [reply(250, null, []), "250 \r\n"],
    [reply(451, "4.0.0", "a\r\n250 b\0ü"), "451 4.0.0 a??250 b??\r\n"],
  ] as const;
  for (const [value, text] of table) assert.equal(decodeLatin1(encodeReply(value)), text);
  assert.ok(encodeReply(reply(554, "5.0.0", "x".repeat(1000))).length <= 512);
});

Deno.test("replies are read, whole and byte by byte", async () => {
  const table = [
    ["220 ready\r\n", reply(220, null, "ready")],
    ["220\r\n", reply(220, null, "")],
    ["250-a\r\n250-\r\n250 c\r\n", reply(250, null, ["a", "", "c"])],
    ["250 lf only\n", reply(250, null, "lf only")],
    ["550 5.1.1 No such user\r\n", reply(550, "5.1.1", "No such user")],
    ["550-5.1.1 No such user\r\n550 5.1.1 here\r\n", reply(550, "5.1.1", ["No such user", "here"])],
    ["550-5.7.26 DMARC\r\n550 no code here\r\n", reply(550, "5.7.26", ["DMARC", "no code here"])],
    ["250 2.0.0\r\n", reply(250, "2.0.0", "")],
    // The class does not agree: the text is kept, the code is not believed.
    ["552 4.3.1 odd\r\n", reply(552, null, "4.3.1 odd")],
    ["250 2.0 not a code\r\n", reply(250, null, "2.0 not a code")],
    ["451 4.7.1\x07 bell\r\n", reply(451, null, "4.7.1? bell")],
  ] as const;
  for (const [text, expected] of table) {
    assert.deepEqual(await readFrom(text), expected, text);
    assert.deepEqual(await readFrom(text, { chunkSize: 1 }), expected, text);
  }
});

Deno.test("what is no reply is a ProtocolError", async () => {
  const bad = [
    "\r\n",
    "25\r\n",
    "hello\r\n",
    "2500 x\r\n",
    "150 x\r\n",
    "600 x\r\n",
    "250_x\r\n",
    "250-a\r\n251 b\r\n",
  ];
  for (const text of bad) await assert.rejects(readFrom(text), ProtocolError, text);
});

Deno.test("an endless reply, a long line, silence and a closed connection", async () => {
  const limits = { lines: 3, lineLength: 20 };
  await assert.rejects(readFrom("250-a\r\n".repeat(4), { limits }), ProtocolError);
  await assert.rejects(readFrom(`250 ${"x".repeat(20)}\r\n`, { limits }), ProtocolError);
  await assert.rejects(readFrom("250-a\r\n", { limits }), ConnectionLostError);
  await assert.rejects(readFrom("250", { limits }), ConnectionLostError);
  const { server } = connPair();
  await assert.rejects(readReply(new LineReader(server), { timeoutMs: 5 }), TimeoutError);
});

Deno.test("what we write is read as the same reply", async () => {
  const text = fc.string({ maxLength: 40 }).filter((line) => !/^[245]\.\d|^ /.test(line));
  const lines = fc.array(text, { minLength: 1, maxLength: 4 });
  const codes = fc.constantFrom([250, "2.1.0"] as const, [451, "4.7.1"] as const, [550, null] as const);
  await fc.assert(fc.asyncProperty(codes, lines, async ([code, enhanced], lines) => {
    const value = reply(code, enhanced, lines);
    assert.deepEqual(await readFrom(decodeLatin1(encodeReply(value))), value);
  }));
});

Deno.test("any bytes are a reply or a ProtocolError", async () => {
  const piece = fc.constantFrom("250", "-", " ", "5.1.1", "\r\n", "\n", "\r", "x", "\0", "é");
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      try {
        await readFrom(pieces.join(""));
      } catch (error) {
        assert.ok(error instanceof ProtocolError || error instanceof ConnectionLostError);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("the offer of a server (RFC 5321 section 4.1.1.1)", () => {
  const offer = parseOffer(reply(250, null, [
    "SIZE.example greets you",
    "PIPELINING",
    "size 1000",
    "AUTH PLAIN login",
    "AUTH=LOGIN CRAM-MD5",
    "8BITMIME ",
    "",
    "!?",
  ]));
  assert.deepEqual([...offer.keywords.keys()], ["PIPELINING", "SIZE", "AUTH", "8BITMIME"]);
  assert.equal(offer.size, 1000);
  assert.deepEqual(offer.auth, ["PLAIN", "LOGIN", "CRAM-MD5"]);
  for (const size of ["SIZE", "SIZE 0", "SIZE many", "SIZE 999999999999999999999"]) {
    assert.equal(parseOffer(reply(250, null, ["mx", size])).size, null, size);
  }
  assert.deepEqual([...parseOffer(reply(250, null, "mx")).keywords], []);
});
