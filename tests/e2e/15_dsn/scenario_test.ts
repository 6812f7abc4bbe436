//   alice --587--> Mailden --> bob's INBOX          NOTIFY=SUCCESS: delivered
//                          --MX--> sink (no DSN)     NOTIFY=SUCCESS: relayed
//   alice <-- INBOX <-- reports (RFC 3461, 3464) as she asked for them
import assert from "node:assert/strict";
import type { Mailden } from "../../support/mailden.ts";
import { sampleMessage } from "../../support/smtp_client.ts";
import { type SinkBehaviour, SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld, waitForMessages, type World } from "../world.ts";

const ALICE = "alice@one.test";

interface Request {
  readonly mail?: string;
  readonly rcpt: readonly (readonly [to: string, parameters: string])[];
  readonly text?: string;
}

async function startOne(world: World, config: Record<string, unknown> = {}): Promise<Mailden> {
  return await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { [ALICE]: "a", "bob@one.test": "b" },
    config,
  });
}

async function startSink(world: World, behaviour: SinkBehaviour = {}): Promise<SmtpSink> {
  const host = world.address();
  world.dns.set("away.test", { MX: [{ preference: 10, exchange: "mx.away.test" }] });
  world.dns.set("mx.away.test", { A: [host] });
  return await SmtpSink.start({ host, port: world.smtpPort, behaviour });
}

async function submit(one: Mailden, request: Request): Promise<void> {
  await using submission = await one.submission(ALICE);
  await submission.expect(`MAIL FROM:<${ALICE}>${request.mail ? ` ${request.mail}` : ""}`, 250);
  for (const [to, parameters] of request.rcpt) {
    await submission.expect(`RCPT TO:<${to}>${parameters ? ` ${parameters}` : ""}`, 250);
  }
  const text = request.text ?? "Hello.";
  const reply = await submission.data(sampleMessage({ from: ALICE, subject: "With wishes", text }));
  assert.equal(reply.code, 250, reply.text);
}

Deno.test("e2e: success is reported for a local mailbox and for a host that takes no DSN", async () => {
  await using world = await makeWorld();
  await using sink = await startSink(world);
  await using one = await startOne(world);
  await submit(one, {
    mail: "ENVID=Order+2B7 RET=HDRS",
    rcpt: [
      ["bob@one.test", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;robert@one.test"],
      ["carol@away.test", "NOTIFY=SUCCESS"],
      ["dave@away.test", "NOTIFY=NEVER"],
    ],
  });
  await sink.waitForAccepted(1);
  await using alice = await one.imap(ALICE);
  await waitForMessages(alice, 2);
  const reports = [await alice.body(1), await alice.body(2)];
  const delivered = reports.find((report) => /^Action: delivered\r$/m.test(report)) ?? "";
  const relayed = reports.find((report) => /^Action: relayed\r$/m.test(report)) ?? "";
  assert.match(delivered, /^Original-Envelope-Id: Order\+7\r$/m);
  assert.match(delivered, /^Original-Recipient: rfc822; ?robert@one\.test\r$/m);
  assert.match(delivered, /^Final-Recipient: rfc822; bob@one\.test\r$/m);
  assert.match(delivered, /^Status: 2\./m);
  assert.match(delivered, /^Subject: With wishes\r$/m);
  assert.match(relayed, /^Final-Recipient: rfc822; carol@away\.test\r$/m);
  assert.match(relayed, /^Remote-MTA: dns; mx\.away\.test\r$/m);
  assert.match(relayed, /^Original-Envelope-Id: Order\+7\r$/m);
  for (const report of reports) {
    assert.doesNotMatch(report, /dave@away/);
    assert.doesNotMatch(report, /^Hello\.\r$/m);
  }
});

Deno.test("e2e: RET=FULL brings the message back with a failure, NOTIFY=NEVER brings nothing", async () => {
  await using world = await makeWorld();
  await using sink = await startSink(world, { rcpt: "550 5.1.1 Nobody here" });
  await using one = await startOne(world);
  await submit(one, { mail: "RET=FULL", rcpt: [["dave@away.test", "NOTIFY=NEVER"]], text: "Not back." });
  await one.waitForLog((line) => line.event === "message-bounced" && line["report"] === null);
  await submit(one, {
    mail: "RET=FULL",
    rcpt: [["carol@away.test", "NOTIFY=FAILURE"]],
    text: "Please come back.",
  });
  await using alice = await one.imap(ALICE);
  await waitForMessages(alice, 1);
  const report = await alice.body(1);
  assert.match(report, /^Final-Recipient: rfc822; carol@away\.test\r$/m);
  assert.match(report, /^Content-Type: message\/rfc822\r$/m);
  assert.match(report, /^Please come back\.\r$/m);
  assert.equal(sink.accepted.length, 0);
});

Deno.test("e2e: who does not want to hear of a delay hears of the failure only", async () => {
  await using world = await makeWorld();
  await using _sink = await startSink(world, { mail: "450 4.3.2 Never today" });
  await using one = await startOne(world, {
    queue: { first_retry: "1s", max_retry: "1s", delay_notice_after: "1s", give_up_after: "3s" },
  });
  await submit(one, { rcpt: [["carol@away.test", "NOTIFY=FAILURE"]] });
  await using alice = await one.imap(ALICE);
  await waitForMessages(alice, 1);
  assert.match(await alice.body(1), /^Action: failed\r$/m);
  assert.equal(one.log.filter((line) => line.event === "message-delayed" && line["report"]).length, 0);
});
