//   alice --587--> Mailden (outbound.relay) --> sink, whatever the domain's MX says
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld } from "../world.ts";

Deno.test("e2e: with a smarthost everything leaves through it", async () => {
  await using world = await makeWorld();
  await using sink = await SmtpSink.start();
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: { outbound: { relay: { host: "127.0.0.1", port: sink.port, tls: "opportunistic" } } },
  });
  await using submission = await one.submission("alice@one.test");
  await submission.send({
    from: "alice@one.test",
    to: ["carol@nowhere.test", "dave@elsewhere.test"],
    message: sampleMessage({ from: "alice@one.test" }),
  });
  await sink.waitUntil(() => sink.accepted.flatMap((message) => message.to).length === 2, "both recipients");
  assert.deepEqual(sink.accepted.flatMap((message) => message.to).sort(), [
    "carol@nowhere.test",
    "dave@elsewhere.test",
  ]);
});
