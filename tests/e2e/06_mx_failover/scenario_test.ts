//   alice --587--> Mailden --MX 10--> nobody listens
//                          --MX 20--> host that says 421
//                          --MX 30--> sink that takes it
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld } from "../world.ts";

Deno.test("e2e: every exchanger is tried in order of preference, and a connection is used again", async () => {
  await using world = await makeWorld();
  const [dead, busy, good] = [world.address(), world.address(), world.address()];
  await using refusing = await SmtpSink.start({
    host: busy,
    port: world.smtpPort,
    behaviour: { greeting: "421 4.3.2 Too busy" },
  });
  await using sink = await SmtpSink.start({ host: good, port: world.smtpPort });
  world.dns.set("many.test", {
    MX: [
      { preference: 30, exchange: "c.many.test" },
      { preference: 10, exchange: "a.many.test" },
      { preference: 20, exchange: "b.many.test" },
    ],
  });
  world.dns.set("a.many.test", { A: [dead] });
  world.dns.set("b.many.test", { A: [busy] });
  world.dns.set("c.many.test", { A: [good] });
  world.dns.set("nomx.test", { A: [good] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
  });
  await using submission = await one.submission("alice@one.test");
  const message = sampleMessage({ from: "alice@one.test" });
  await submission.send({ from: "alice@one.test", to: "carol@many.test", message });
  const [got] = await sink.waitForAccepted(1);
  assert.deepEqual(got?.to, ["carol@many.test"]);
  assert.equal(refusing.connections, 1);
  assert.equal(got?.helo, "mx.one.test");

  // RFC 5321 section 5.1: without MX the address record is the exchanger.
  await submission.send({ from: "alice@one.test", to: "dave@nomx.test", message });
  await sink.waitForAccepted(2);
  for (let i = 0; i < 5; i++) {
    await submission.send({ from: "alice@one.test", to: `u${i}@nomx.test`, message });
  }
  await sink.waitForAccepted(7);
  assert.ok(sink.connections < 7, `7 messages took ${sink.connections} connections`);
});
