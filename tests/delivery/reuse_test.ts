import assert from "node:assert/strict";
import { SmtpSink } from "../support/smtp_sink.ts";
import { startScriptPeer } from "./script_peer.ts";
import { makeAttempt, makeWorld, summary } from "./support.ts";

const zones = { "there.test": { a: ["127.0.0.1"] } };
const TO = ["bob@there.test"];
const RELAYED = ["relayed 250 2.0.0"];

Deno.test("reuse: messages to one host share a connection, up to a number", async () => {
  await using sink = await SmtpSink.start();
  await using world = makeWorld({ zones, settings: { port: sink.port, messagesPerConnection: 3 } });
  for (let i = 0; i < 7; i++) assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
  assert.deepEqual(sink.accepted.map((message) => message.connection), [0, 0, 0, 1, 1, 1, 2]);
});

Deno.test("reuse: two messages at once use two connections, which both stay", async () => {
  await using sink = await SmtpSink.start();
  await using world = makeWorld({ zones, settings: { port: sink.port } });
  for (let i = 0; i < 2; i++) {
    const both = await Promise.all([world.deliver(makeAttempt(TO)), world.deliver(makeAttempt(TO))]);
    assert.deepEqual(both.map(summary), [RELAYED, RELAYED]);
  }
  assert.equal(sink.connections, 2);
});

Deno.test("reuse: after a refused recipient the transaction is reset first", async () => {
  const rcpt = (to: string) => to.startsWith("gone") ? "550 5.1.1 Gone" : "250 2.1.5 OK";
  await using sink = await SmtpSink.start({ behaviour: { rcpt, onlyExtensions: [] } });
  await using world = makeWorld({ zones, settings: { port: sink.port } });
  assert.deepEqual(summary(await world.deliver(makeAttempt(["gone@there.test"]))), ["failed 550 5.1.1"]);
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
  assert.equal(sink.connections, 1);
  assert.ok(sink.commands.includes("0: RSET"));
});

Deno.test("reuse: an idle connection is given up after a while, with QUIT", async () => {
  await using sink = await SmtpSink.start();
  await using world = makeWorld({ zones, settings: { port: sink.port, idleMs: 20 } });
  await world.deliver(makeAttempt(TO));
  await sink.waitUntil(() => sink.commands.includes("0: QUIT"), "QUIT");
  await world.deliver(makeAttempt(TO));
  assert.equal(sink.connections, 2);
});

/** How a server answers the second MAIL on a connection; the message must get through on a fresh one. */
const ENDS: readonly [string, string | null][] = [
  ["without a word", null],
  ["with 421", "421 4.4.2 Idle too long"],
];

for (const [what, answer] of ENDS) {
  Deno.test(`reuse: a host that ends the idle connection ${what} is asked again at once`, async () => {
    let mails = 0;
    await using peer = startScriptPeer((line) => {
      if (line.startsWith("MAIL") && ++mails === 2) return answer;
      return line === "DATA" ? "354 Go on" : "250 2.0.0 OK";
    });
    await using world = makeWorld({ zones, settings: { port: peer.port } });
    assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
    assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
    assert.equal(peer.connections, 2);
    assert.equal(world.log.of("delivery-host-failed").length, 0);
  });
}

Deno.test("reuse: closing the courier says goodbye on all idle connections", async () => {
  await using sink = await SmtpSink.start();
  await using world = makeWorld({ zones, settings: { port: sink.port } });
  await world.deliver(makeAttempt(TO));
  world.courier.close();
  await sink.waitUntil(() => sink.commands.includes("0: QUIT"), "QUIT");
});
