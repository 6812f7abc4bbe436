//   alice --587, SCRAM--> Mailden --> mx.there.test   in her own name, without Bcc, to so many people a day
//                            `--> notices to alice and the postmaster when she is at her limit
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { ScramClient } from "../../support/scram_client.ts";
import { sampleMessage, type SmtpClient } from "../../support/smtp_client.ts";
import { makeWorld, waitForMessages } from "../world.ts";

const ALICE = "alice@here.test";
const PASSWORD = "correct horse 7";
const accounts = { [ALICE]: PASSWORD, "boss@here.test": "b" };

async function logInByScram(client: SmtpClient, user: string, password: string): Promise<string> {
  const scram = new ScramClient({ user, password });
  const challenge = async (line: string) => {
    const reply = await client.command(line);
    return reply.code === 334 ? atob(reply.lines[0]!) : reply.text;
  };
  const first = await challenge(`AUTH SCRAM-SHA-256 ${btoa(scram.first())}`);
  const last = await challenge(btoa(scram.final(first)));
  if (!scram.trusts(last)) return last;
  return (await client.command("")).text;
}

async function rcpt(client: SmtpClient, to: string): Promise<string> {
  await client.expect(`MAIL FROM:<${ALICE}>`, 250);
  const { text } = await client.command(`RCPT TO:<${to}>`);
  await client.expect("RSET", 250);
  return text;
}

Deno.test("e2e: an account writes in its own name, without Bcc, and to so many people a day", async () => {
  await using world = await makeWorld();
  world.dns.set("there.test", { MX: [{ preference: 10, exchange: "mx.there.test" }] });
  // Nobody listens there: what leaves, waits.
  world.dns.set("mx.there.test", { A: [world.address()] });
  const here = await world.mailden({
    host: world.address(),
    hostname: "mx.here.test",
    accounts,
    config: {
      submission: { recipients_per_day: 4, new_recipients_per_day: 2 },
      domains: { "here.test": { aliases: { postmaster: ["boss"] } } },
    },
  });
  await using _here = here;
  await using client = await here.submission();
  await client.ehlo();
  assert.match(client.extensions.get("AUTH") ?? "", /^SCRAM-SHA-256 PLAIN LOGIN$/);
  assert.match(await logInByScram(client, ALICE, "wrong"), /^535 5\.7\.8/);
  assert.match(await logInByScram(client, ALICE, PASSWORD), /^235 2\.7\.0/);

  // Her own name, and nobody learns of the blind copy.
  const send = (from: string) =>
    client.send({
      from: ALICE,
      to: ["friend@there.test", "boss@here.test"],
      message: sampleMessage({ from, headers: ["Bcc: boss@here.test"] }),
    });
  assert.match(
    (await send("eve@there.test")).text,
    /^550 5\.7\.1 The address in the From field is not yours/,
  );
  assert.match((await send(`Alice <${ALICE}>`)).text, /^250/);
  await using boss = await here.imap("boss@here.test");
  await waitForMessages(boss, 1);
  const letter = await boss.body(1);
  assert.match(letter, /From: Alice <alice@here\.test>/);
  assert.doesNotMatch(letter, /Bcc/);
  const queued = await here.command(["queue", "list"]);
  assert.match(queued.stdout, /friend@there\.test|there\.test/);

  // friend@ has counted twice (the refused letter, too); one more stranger, and that is it.
  assert.match(await rcpt(client, "stranger1@there.test"), /^250/);
  assert.match(await rcpt(client, "stranger2@there.test"), /^450 4\.7\.1 .*new recipients/);
  assert.match(await rcpt(client, "boss@here.test"), /^250/);

  // A restart does not begin the day anew.
  await here.stop();
  await here.serve();
  await using again = await here.submission(ALICE);
  assert.match(await rcpt(again, "stranger2@there.test"), /^450 4\.7\.1 .*new recipients/);
  assert.match(await rcpt(again, "friend@there.test"), /^250/);
  assert.match(await rcpt(again, "friend@there.test"), /^450 4\.7\.1 .*limit of 4 recipients/);

  await using alice = await here.imap(ALICE);
  await waitForMessages(alice, 1);
  assert.match(await alice.body(1), /Subject: Sending limit reached/);
  await using admin = await here.imap("boss@here.test");
  await waitForMessages(admin, 2);
  assert.match(await admin.body(2), /The account alice@here\.test has sent/);
  assert.equal(await admin.select(), 2, "one notice, however often");
});

Deno.test("e2e: no salt tells which accounts exist, before and after a restart", async () => {
  await using server = await Mailden.start({ accounts: { ...accounts, "new@here.test": null } });
  const salts = async () => {
    await using client = await server.submission();
    const found: string[] = [];
    for (const user of [ALICE, "ALICE@here.test", "new@here.test", "nobody@here.test"]) {
      const reply = await client.command(`AUTH SCRAM-SHA-256 ${btoa(`n,,n=${user},r=x`)}`);
      found.push(/,(s=.{24},i=\d+)$/.exec(atob(reply.lines[0]!))![1]!);
      await client.expect("*", 501);
    }
    return found;
  };
  const before = await salts();
  assert.equal(new Set(before).size, 3);
  await server.stop();
  await server.serve();
  assert.deepEqual(await salts(), before);
});
