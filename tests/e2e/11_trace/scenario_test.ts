//   alice --587--> Mailden --MX--> sink: 451 to dave, then 250; 550 to carol
//   stranger --25--> Mailden: 550 for nobody
//   `mailden trace` by id, by address, by Message-ID, with the server and without it
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import type { Mailden } from "../../support/mailden.ts";
import { makeWorld, waitForMessages } from "../world.ts";

/** What the command says, without the times. */
async function trace(server: Mailden, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.command(["trace", ...args]);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** That the texts stand in the output, in this order. */
function inOrder(output: string, ...texts: readonly string[]): void {
  let at = 0;
  for (const text of texts) {
    const found = output.indexOf(text, at);
    assert.ok(found >= 0, `${JSON.stringify(text)} is missing, or too early, in:\n${output}`);
    at = found + text.length;
  }
}

Deno.test("e2e: trace tells the life of a message that was late, of one that bounced, and of a refusal", async () => {
  await using world = await makeWorld();
  const host = world.address();
  let tries = 0;
  await using sink = await SmtpSink.start({
    host,
    port: world.smtpPort,
    behaviour: {
      rcpt: (to) => {
        if (to.startsWith("carol")) return "550 5.1.1 Carol left us";
        return ++tries < 2 ? "451 4.7.1 Greylisted, come back" : "250 2.1.5 OK";
      },
    },
  });
  world.dns.set("away.test", { MX: [{ preference: 10, exchange: "mx.away.test" }] });
  world.dns.set("mx.away.test", { A: [host] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: { queue: { first_retry: "1h", jitter: 0 } },
  });
  await using submission = await one.submission("alice@one.test");
  await submission.send({
    from: "alice@one.test",
    to: "dave@away.test",
    message: sampleMessage({ from: "alice@one.test", subject: "Patience" }),
  });
  await one.waitForLog("delivery-result");
  const accepted = await one.waitForLog("message-accepted");
  const id = String(accepted["message"]);
  const messageId = String(accepted["messageId"]);

  const waiting = await trace(one, id);
  assert.match(
    waiting,
    /^Waiting until \S+ \S+ for the next attempt \(<dave@away\.test>\) because mx\.away\.test /m,
  );
  const shown = await one.command(["queue", "show", id]);
  inOrder(shown.stdout, "Recipients:", "1 attempt", "Not taken yet", "451 4.7.1 Greylisted");

  assert.equal((await one.command(["queue", "flush"])).code, 0);
  await sink.waitForAccepted(1);
  await one.waitForLog((line) => line.event === "delivery-result" && line["result"] === "relayed");
  const told = await trace(one, id);
  inOrder(
    told,
    `Message ${id}`,
    "Delivered to <dave@away.test> by mx.away.test",
    "connected to the submission",
    "It logged in as alice@one.test",
    "Accepted from <alice@one.test> for <dave@away.test>",
    "Sending to mx.away.test",
    "Not taken yet for <dave@away.test>; the next attempt is due at",
    "said: 451 4.7.1 Greylisted, come back",
    "Sending to mx.away.test",
    "Delivered to <dave@away.test>",
    "said: 250",
  );
  assert.match(told, /encrypted with TLSv1\.[23]/);
  assert.match(messageId, /^<.+@.+>$/);
  assert.equal(await trace(one, messageId), told);
  assert.equal(await trace(one, messageId.slice(1, -1).toUpperCase()), told);

  await submission.send({
    from: "alice@one.test",
    to: "carol@away.test",
    message: sampleMessage({ from: "alice@one.test", subject: "In vain" }),
  });
  await using alice = await one.imap("alice@one.test");
  await waitForMessages(alice, 1);
  await one.waitForLog("message-bounced");
  const toCarol = await trace(one, "carol@away.test");
  assert.match(toCarol, /^\S+ \S+ {2}\S{20} {2}from <alice@one\.test> for <carol@away\.test> {2}Bounced /);
  assert.equal(toCarol.trimEnd().split("\n").length, 1);
  const bounced = toCarol.split("  ")[1]!;
  const story = await trace(one, bounced);
  inOrder(
    story,
    "Bounced for <carol@away.test> because mx.away.test",
    "said: 550 5.1.1 Carol left us",
    "Refused for good for <carol@away.test>",
    "The sender <alice@one.test> was told that it could not be delivered to <carol@away.test>, by message ",
  );
  const report = /by message (\S{20})\./.exec(story)![1]!;
  inOrder(
    await trace(one, report),
    "Delivered to the mailbox of <alice@one.test>",
    `Made here, a report for <alice@one.test> about message ${bounced}`,
  );

  await using smtp = await one.smtp();
  await smtp.expect("MAIL FROM:<stranger@away.test>", 250);
  await smtp.expect("RCPT TO:<Nobody@one.test>", 550);
  for (const address of ["nobody@one.test", "Stranger@away.test"]) {
    assert.match(await trace(one, address), /Refused: 550 5\.1\.1/);
  }
  assert.equal((await trace(one, "alice@one.test", "--since", "1h")).trimEnd().split("\n").length, 3);
  assert.equal((await trace(one, "alice@one.test", "--limit", "1")).trimEnd().split("\n").length, 1);
  const events = (await trace(one, id, "--json")).trimEnd().split("\n").map((line) => JSON.parse(line).event);
  assert.deepEqual(events.filter((event) => event === "delivery-result").length, 2);

  // The same from the database when no server runs.
  assert.equal(await one.stop(), 0);
  assert.equal(await trace(one, id), told);
  const unknown = await one.command(["trace", "nobody-at-all@one.test"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /Nothing is known of "nobody-at-all@one\.test"/);
});
