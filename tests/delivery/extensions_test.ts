import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../src/core/bytes.ts";
import { withCrlf } from "../../src/wire/smtp/mod.ts";
import type { Attempt } from "../../src/queue/courier.ts";
import { type SinkBehaviour, SmtpSink } from "../support/smtp_sink.ts";
import { makeAttempt, makeWorld, summary } from "./support.ts";

const TO = ["bob@there.test", "carol@there.test"];
const RELAYED = ["relayed 250 2.0.0", "relayed 250 2.0.0"];
const BIG = `Subject: Big\r\n\r\n${"0123456789012345678901234567890\r\n.dots\r\n".repeat(20_000)}`;

async function deliver(behaviour: SinkBehaviour, attempt: Attempt) {
  await using sink = await SmtpSink.start({ behaviour });
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port, bdatSize: 100_000 },
  });
  const outcomes = await world.deliver(attempt);
  return { outcomes, sink, message: sink.accepted[0] };
}

Deno.test("bdat: a large message goes in chunks, with and without PIPELINING (RFC 3030)", async () => {
  for (const onlyExtensions of [["CHUNKING"], ["CHUNKING", "PIPELINING"]]) {
    const { outcomes, message, sink } = await deliver({ onlyExtensions }, makeAttempt(TO, { text: BIG }));
    assert.deepEqual(summary(outcomes), RELAYED);
    assert.equal(message!.text, BIG);
    assert.ok(message!.chunks > 1);
    assert.ok(!sink.commands.some((command) => command.endsWith("DATA")));
  }
});

Deno.test("bdat: a small message, or one for a host without CHUNKING, goes by DATA", async () => {
  for (const [text, extensions] of [["a\r\n", ["CHUNKING"]], [BIG, []]] as const) {
    const { outcomes, message } = await deliver({ extensions }, makeAttempt(TO, { text }));
    assert.deepEqual(summary(outcomes), RELAYED);
    assert.equal(message!.chunks, 0);
  }
});

Deno.test("bdat: a chunk that is refused ends it, and nothing has been sent as a whole", async () => {
  const behaviour = { extensions: ["CHUNKING"], data: "552 5.3.4 Too much" };
  const { outcomes, sink } = await deliver(behaviour, makeAttempt(TO, { text: BIG }));
  assert.deepEqual(summary(outcomes), ["failed 552 5.3.4", "failed 552 5.3.4"]);
  assert.ok(!sink.commands.some((command) => command.endsWith("LAST")));
});

Deno.test("bdat: nobody is sent data when every recipient is refused", async () => {
  const behaviour = { extensions: ["CHUNKING"], rcpt: "550 5.1.1 No" };
  const { sink } = await deliver(behaviour, makeAttempt(TO, { text: BIG }));
  assert.ok(!sink.commands.some((command) => command.includes("BDAT")));
});

Deno.test("binarymime: the bytes go as they are, or not at all (RFC 3030 section 3)", async () => {
  const text = "Content-Type: application/octet-stream\r\n\r\n\r\n.\r\n\n.\n\r\0\xff";
  const attempt = makeAttempt(TO, { text, binary: true });
  const { outcomes, message } = await deliver({ extensions: ["CHUNKING", "BINARYMIME"] }, attempt);
  assert.deepEqual(summary(outcomes), RELAYED);
  assert.equal(message!.text, text);
  assert.match(message!.mailParams, /\bBODY=BINARYMIME\b/);
  const refused = await deliver({ extensions: ["CHUNKING"] }, attempt);
  assert.deepEqual(summary(refused.outcomes), ["failed 554 5.6.3", "failed 554 5.6.3"]);
});

const DSN: NonNullable<Attempt["dsn"]> = {
  returns: "headers",
  envelopeId: "a+b c",
  recipients: [
    { notify: ["success", "delay"], originalRecipient: "rfc822;bob+x@old.test" },
    { notify: [], originalRecipient: "utf-8;b\u00fc@old.test" },
  ],
};

Deno.test("dsn: what the sender wishes is passed on to a host that offers it (RFC 3461 section 5.2.1)", async () => {
  const { outcomes, message } = await deliver({ extensions: ["DSN"] }, makeAttempt(TO, { dsn: DSN }));
  assert.deepEqual(outcomes.map(({ dsnPassedOn }) => dsnPassedOn), [true, true]);
  assert.match(message!.mailParams, /RET=HDRS ENVID=a\+2Bb\+20c$/);
  assert.deepEqual(message!.rcptParams, [
    "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob+2Bx@old.test",
    "NOTIFY=NEVER ORCPT=utf-8;b\\x{FC}@old.test",
  ]);
});

Deno.test("dsn: a host that does not offer it is told nothing, and the outcome says so", async () => {
  const { outcomes, message } = await deliver({}, makeAttempt(TO, { dsn: DSN }));
  assert.ok(outcomes.every(({ kind, dsnPassedOn }) => kind === "relayed" && dsnPassedOn !== true));
  assert.deepEqual(message!.rcptParams, ["", ""]);
  assert.ok(!message!.mailParams.includes("ENVID"));
});

Deno.test("line ends: every line ends with CR LF, however the bytes are cut", async () => {
  async function whole(chunks: readonly Uint8Array[]): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of withCrlf(chunks)) pieces.push(piece);
    return decodeLatin1(concatBytes(pieces));
  }
  const text = fc.string({ unit: fc.constantFrom("\r", "\n", "\r\n", ".", "a") });
  await fc.assert(
    fc.asyncProperty(text, fc.nat(20), async (input, cut) => {
      const bytes = encodeLatin1(input);
      const expected = input.replace(/\r\n|\r|\n/g, "\r\n").replace(/([^\n])$/, "$1\r\n");
      assert.equal(await whole([bytes.subarray(0, cut), bytes.subarray(cut)]), expected);
      assert.equal(await whole([...bytes].map((byte) => Uint8Array.of(byte))), expected);
    }),
    { numRuns: 300 },
  );
});
