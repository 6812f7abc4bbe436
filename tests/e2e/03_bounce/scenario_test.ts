//   alice --587--> Mailden --MX--> sink says 550 to carol, 250 to dave
//   alice <-- INBOX <-- report (RFC 3464) about carol only
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld, waitForMessages } from "../world.ts";

Deno.test("e2e: a refused recipient is reported to the sender, the other one gets the letter", async () => {
  await using world = await makeWorld();
  const host = world.address();
  await using sink = await SmtpSink.start({
    host,
    port: world.smtpPort,
    behaviour: { rcpt: (to) => to.startsWith("carol") ? "550 5.1.1 Carol left us" : "250 2.1.5 OK" },
  });
  world.dns.set("away.test", { MX: [{ preference: 10, exchange: "mx.away.test" }] });
  world.dns.set("mx.away.test", { A: [host] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
  });
  await using submission = await one.submission("alice@one.test");
  await submission.send({
    from: "alice@one.test",
    to: ["carol@away.test", "dave@away.test"],
    message: sampleMessage({ from: "alice@one.test", subject: "For both" }),
  });
  const [got] = await sink.waitForAccepted(1);
  assert.deepEqual(got?.to, ["dave@away.test"]);

  await using alice = await one.imap("alice@one.test");
  await waitForMessages(alice, 1);
  const report = await alice.body(1);
  assert.match(report, /^Return-Path: <>\r\n/);
  assert.match(report, /multipart\/report/i);
  assert.match(report, /report-type="?delivery-status/i);
  assert.match(report, /Final-Recipient: rfc822; ?carol@away\.test/i);
  assert.match(report, /Action: failed/i);
  assert.match(report, /Status: 5\.1\.1/);
  assert.match(report, /Carol left us/);
  assert.match(report, /Subject: For both/);
  assert.doesNotMatch(report, /Final-Recipient: rfc822; ?dave/i);

  // A report that cannot be delivered ends there: nothing goes to the null sender (RFC 5321 section 6.1).
  const bounced = one.log.filter((line) => line.event === "message-bounced").length;
  assert.equal(bounced, 1);
  const { stdout } = await one.command(["queue", "list"]);
  assert.doesNotMatch(stdout, /away\.test/);
});

Deno.test("e2e: mail for an unknown user is refused at RCPT, so that no report is needed", async () => {
  await using world = await makeWorld();
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
  });
  await using smtp = await one.smtp();
  await smtp.expect("MAIL FROM:<stranger@away.test>", 250);
  const reply = await smtp.command("RCPT TO:<nobody@one.test>");
  assert.equal(`${reply.code} ${reply.enhanced}`, "550 5.1.1");
});
