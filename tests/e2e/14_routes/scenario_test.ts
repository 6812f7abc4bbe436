//   alice --587--> Mailden --routes--> partner's relay        (to: *.partner.test)
//                     |------MX-----> open.test
//                     '------MX-----> closed.test: 554 5.7.1 --> fallback relay, now and for the next letter at once
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld } from "../world.ts";

Deno.test("e2e: rules choose the way, and a relay steps in where we are refused", async () => {
  await using world = await makeWorld();
  const [openHost, closedHost] = [world.address(), world.address()];
  await using open = await SmtpSink.start({ host: openHost, port: world.smtpPort });
  await using closed = await SmtpSink.start({
    host: closedHost,
    port: world.smtpPort,
    behaviour: { greeting: "554 5.7.1 Your address is on a block list" },
  });
  await using partner = await SmtpSink.start();
  await using fallback = await SmtpSink.start();
  for (const [domain, host] of [["open.test", openHost], ["closed.test", closedHost]] as const) {
    world.dns.set(domain, { MX: [{ preference: 1, exchange: `mx.${domain}` }] });
    world.dns.set(`mx.${domain}`, { A: [host] });
  }
  const relay = (sink: SmtpSink) => ({ host: "127.0.0.1", port: sink.port, tls: "opportunistic" });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: {
      outbound: {
        port: world.smtpPort,
        routes: [{ to: "*.partner.test", from: ["one.test"], via: relay(partner) }],
        fallback_relay: relay(fallback),
      },
    },
  });
  await using submission = await one.submission("alice@one.test");
  const send = (to: string) =>
    submission.send({ from: "alice@one.test", to: [to], message: sampleMessage({ from: "alice@one.test" }) });

  await send("bob@eu.partner.test");
  await send("carol@open.test");
  await send("dave@closed.test");
  assert.deepEqual((await partner.waitForAccepted(1))[0]!.to, ["bob@eu.partner.test"]);
  assert.deepEqual((await open.waitForAccepted(1))[0]!.to, ["carol@open.test"]);
  assert.deepEqual((await fallback.waitForAccepted(1))[0]!.to, ["dave@closed.test"]);
  const line = await one.waitForLog("delivery-fallback");
  assert.equal(line["domain"], "closed.test");

  // It is remembered, through a restart too.
  const tried = closed.connections;
  assert.equal(await one.stop(), 0);
  await one.serve();
  await using again = await one.submission("alice@one.test");
  await again.send({
    from: "alice@one.test",
    to: ["erin@closed.test"],
    message: sampleMessage({ from: "alice@one.test" }),
  });
  assert.deepEqual((await fallback.waitForAccepted(2))[1]!.to, ["erin@closed.test"]);
  assert.equal(closed.connections, tried);
});
