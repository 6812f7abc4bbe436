//   alice --587--> Mailden --MX--> sink: 451, then (after the back-off) 250
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld, waitForMessages } from "../world.ts";

Deno.test("e2e: a temporary refusal is tried again, also after a restart", async () => {
  await using world = await makeWorld();
  const host = world.address();
  let tries = 0;
  let isGrey = true;
  await using sink = await SmtpSink.start({
    host,
    port: world.smtpPort,
    behaviour: {
      rcpt: () => {
        tries++;
        return isGrey ? "451 4.7.1 Greylisted, come back" : "250 2.1.5 OK";
      },
    },
  });
  world.dns.set("grey.test", { MX: [{ preference: 10, exchange: "mx.grey.test" }] });
  world.dns.set("mx.grey.test", { A: [host] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: { queue: { first_retry: "1s", max_retry: "1s" } },
  });
  await using submission = await one.submission("alice@one.test");
  await submission.send({
    from: "alice@one.test",
    to: "carol@grey.test",
    message: sampleMessage({ from: "alice@one.test", subject: "Patience" }),
  });
  await sink.waitUntil(() => tries >= 2, "the second try");
  const shown = await one.command(["queue", "list"]);
  assert.match(shown.stdout, /carol@grey\.test/);
  await one.kill();
  isGrey = false;
  await one.serve();
  const [got] = await sink.waitForAccepted(1);
  assert.deepEqual(got?.to, ["carol@grey.test"]);
});

Deno.test("e2e: a letter that nobody takes is given up and reported", async () => {
  await using world = await makeWorld();
  const host = world.address();
  await using _sink = await SmtpSink.start({
    host,
    port: world.smtpPort,
    behaviour: { mail: "450 4.3.2 Never today" },
  });
  world.dns.set("grey.test", { MX: [{ preference: 10, exchange: "mx.grey.test" }] });
  world.dns.set("mx.grey.test", { A: [host] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: {
      queue: { first_retry: "1s", max_retry: "1s", delay_notice_after: "1s", give_up_after: "8s" },
    },
  });
  await using submission = await one.submission("alice@one.test");
  await submission.send({
    from: "alice@one.test",
    to: "carol@grey.test",
    message: sampleMessage({ from: "alice@one.test", subject: "In vain" }),
  });
  await using alice = await one.imap("alice@one.test");
  await waitForMessages(alice, 2);
  const [delay, failure] = [await alice.body(1), await alice.body(2)];
  assert.match(delay, /Action: delayed/i);
  assert.match(delay, /Will-Retry-Until:/i);
  assert.match(failure, /Action: failed/i);
  assert.match(failure, /Never today/);
});
