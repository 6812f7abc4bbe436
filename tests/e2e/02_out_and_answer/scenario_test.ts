//   alice --587--> Mailden one.test --MX--> Mailden two.test --> bob reads, answers
//   alice <-- INBOX <-- Mailden one.test <--MX-- Mailden two.test <--587-- bob
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { makeWorld, waitForMessages } from "../world.ts";

Deno.test("e2e: two Maildens exchange a letter and its answer through MX and TLS", async () => {
  await using world = await makeWorld();
  const [first, second] = [world.address(), world.address()];
  world.dns.set("one.test", { MX: [{ preference: 10, exchange: "mx.one.test" }] });
  world.dns.set("mx.one.test", { A: [first] });
  world.dns.set("two.test", { MX: [{ preference: 10, exchange: "mx.two.test" }] });
  world.dns.set("mx.two.test", { A: [second] });
  await using one = await world.mailden({
    host: first,
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
  });
  await using two = await world.mailden({
    host: second,
    hostname: "mx.two.test",
    accounts: { "bob@two.test": "b" },
  });

  await using submission = await one.submission("alice@one.test");
  const letter = sampleMessage({ from: "alice@one.test", to: "bob@two.test", subject: "How are you?" });
  await submission.send({ from: "alice@one.test", to: "bob@two.test", message: letter });
  await using bob = await two.imap("bob@two.test");
  await waitForMessages(bob, 1);
  const received = await bob.body(1);
  assert.match(received, /^Return-Path: <alice@one\.test>\r\nReceived: from mx\.one\.test /);
  assert.match(received, /with ESMTPS/, "the hop was not encrypted");
  assert.equal(received.match(/^Return-Path:/gm)?.length, 1, "our Return-Path travelled");
  assert.equal(received.match(/^Received:/gm)?.length, 2);

  await using answer = await two.submission("bob@two.test");
  const text = sampleMessage({ from: "bob@two.test", to: "alice@one.test", subject: "Re: How are you?" });
  await answer.send({ from: "bob@two.test", to: "alice@one.test", message: text });
  await using alice = await one.imap("alice@one.test");
  await waitForMessages(alice, 1);
  assert.match(await alice.body(1), /Subject: Re: How are you\?/);
  await one.waitForLog((line) => line.event === "delivery-result");
  assert.equal((await one.command(["queue", "list"])).code, 0);
});

Deno.test("e2e: an account may only send as an address that is its own", async () => {
  await using world = await makeWorld();
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a", "eve@one.test": "e" },
    config: { domains: { "one.test": { accounts: { alice: { aliases: ["sales"] } } } } },
  });
  await using submission = await one.submission("alice@one.test");
  const refused = await submission.command("MAIL FROM:<eve@one.test>");
  assert.equal(`${refused.code} ${refused.enhanced}`, "553 5.7.1");
  assert.equal((await submission.command("MAIL FROM:<president@foreign.test>")).code, 553);
  await submission.expect("MAIL FROM:<sales@one.test>", 250);
});
