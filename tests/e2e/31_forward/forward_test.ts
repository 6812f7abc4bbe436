//   stranger --25--> one (alice forwards, SRS0) --MX--> two (bob forwards, SRS1) --MX--> sink (carol)
//   carol's host says 550 --> two reports to SRS1@two --> one (SRS0) --> the stranger's exchanger (sink)
//   carol --25, to that SRS1@two--> refused, unless it is a bounce
//   alice@one <--> bob@two forward to each other: one letter goes round once and stays
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import type { ConfigPart, Mailden } from "../../support/mailden.ts";
import { makeWorld, waitForMessages } from "../world.ts";

const STRANGER = "stranger@away.test";

/** Two servers and the world outside, where everybody's mail ends in a sink. */
async function startThree(
  { one, two, delivery = {}, refuses = "nobody" }: {
    readonly one: ConfigPart;
    readonly two: ConfigPart;
    readonly delivery?: ConfigPart;
    /** The local part that the sink does not take. */
    readonly refuses?: string;
  },
) {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await makeWorld());
  const host = world.address();
  const sink = stack.use(
    await SmtpSink.start({
      host,
      port: world.smtpPort,
      behaviour: { rcpt: (to) => to.startsWith(refuses) ? "550 5.1.1 Nobody here" : "250 2.1.5 OK" },
    }),
  );
  const serve = async (name: string, account: string, config: ConfigPart) => {
    const address = world.address();
    world.dns.set(`${name}.test`, { MX: [{ preference: 10, exchange: `mx.${name}.test` }] });
    world.dns.set(`mx.${name}.test`, { A: [address] });
    return stack.use(
      await world.mailden({
        host: address,
        hostname: `mx.${name}.test`,
        accounts: { [`${account}@${name}.test`]: "a" },
        config: {
          dns: { servers: [world.dns.address] },
          outbound: { port: world.smtpPort },
          delivery,
          domains: { [`${name}.test`]: { accounts: { [account]: config } } },
        },
      }),
    );
  };
  world.dns.set("away.test", { MX: [{ preference: 10, exchange: "mx.away.test" }] });
  world.dns.set("mx.away.test", { A: [host] });
  const servers = { one: await serve("one", "alice", one), two: await serve("two", "bob", two) };
  const all = stack.move();
  return { ...servers, sink, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function writeToAlice(one: Mailden, message: string): Promise<void> {
  await using smtp = await one.smtp();
  assert.equal((await smtp.send({ from: STRANGER, to: "alice@one.test", message })).code, 250);
}

Deno.test("e2e: a letter is forwarded twice under senders of ours, unchanged, with a copy where that is wanted", async () => {
  await using world = await startThree({
    one: { forward: ["bob@two.test"], keep_copy: true },
    two: { forward: ["carol@away.test"] },
  });
  const message = sampleMessage({ from: STRANGER, to: "alice@one.test", subject: "Onward" });
  await writeToAlice(world.one, message);
  const [got] = await world.sink.waitForAccepted(1);
  assert.deepEqual(got!.to, ["carol@away.test"]);
  assert.match(
    got!.from,
    /^<?SRS1=[a-z2-7]{10}=one\.test==[a-z2-7]{8}=[a-z2-7]{2}=away\.test=stranger@two\.test>?$/,
  );
  assert.ok(got!.text.includes(message.trimEnd()), "The message was changed");
  assert.match(got!.text, /^Delivered-To: bob@two\.test\r\n/);
  assert.match(got!.text, /^Delivered-To: alice@one\.test\r$/m);
  await using alice = await world.one.imap("alice@one.test");
  await waitForMessages(alice, 1);
  await using bob = await world.two.imap("bob@two.test");
  assert.equal(await bob.select("INBOX"), 0);

  // Carol knows an address now by which two would send mail to one: that is for bounces, and no open relay.
  await using smtp = await world.two.smtp();
  const back = got!.from.replace(/[<>]/g, "");
  for (const [sender, expected] of [["spammer@away.test", "550 5.7.1"], ["", "250 2.1.5"]]) {
    await smtp.expect(`MAIL FROM:<${sender}>`, 250);
    const { code, enhanced } = await smtp.command(`RCPT TO:<${back}>`);
    assert.equal(`${code} ${enhanced}`, expected);
    await smtp.expect("RSET", 250);
  }
});

Deno.test("e2e: what a scanner calls spam stays, and strangers are offered no reports where nobody wants that", async () => {
  const delivery = { spam_fields: ["X-Spam-Flag: YES"], strangers_dsn: false };
  await using world = await startThree({ one: { forward: ["carol@away.test"] }, two: {}, delivery });
  const spam = sampleMessage({ from: STRANGER, subject: "Buy", headers: ["X-Spam-Flag: YES"] });
  await writeToAlice(world.one, spam);
  await writeToAlice(world.one, sampleMessage({ from: STRANGER, subject: "Hello" }));
  const [got] = await world.sink.waitForAccepted(1);
  assert.match(got!.text, /^Subject: Hello\r$/m);
  await using alice = await world.one.imap("alice@one.test");
  await waitForMessages(alice, 1);
  assert.match(await alice.body(1), /^Subject: Buy\r$/m);
  assert.equal(world.sink.messages.length, 1);

  await using smtp = await world.one.smtp();
  assert.ok(!smtp.extensions.has("DSN"));
  await smtp.expect(`MAIL FROM:<${STRANGER}>`, 250);
  await smtp.expect("RCPT TO:<alice@one.test> NOTIFY=SUCCESS", 555);
  await using submission = await world.one.submission("alice@one.test");
  assert.ok(submission.extensions.has("DSN"));
});

Deno.test("e2e: the bounce of what was forwarded twice finds its way back to the sender, and a forged one does not", async () => {
  await using world = await startThree({
    one: { forward: ["bob@two.test"] },
    two: { forward: ["carol@away.test"] },
    refuses: "carol",
  });
  await writeToAlice(world.one, sampleMessage({ from: STRANGER, subject: "Onward" }));
  const [bounce] = await world.sink.waitForAccepted(1);
  assert.deepEqual(bounce!.to, [STRANGER]);
  assert.match(bounce!.from, /^(<>)?$/);
  assert.match(bounce!.text, /^Final-Recipient: rfc822; ?carol@away\.test\r$/m);
  assert.match(bounce!.text, /^Subject: Onward\r$/m);
  await using smtp = await world.one.smtp();
  await smtp.expect("MAIL FROM:<>", 250);
  const reply = await smtp.command("RCPT TO:<SRS0=aaaaaaaa=aa=away.test=victim@one.test>");
  assert.equal(`${reply.code} ${reply.enhanced}`, "550 5.1.1");
});

Deno.test("e2e: two accounts that forward to each other end with one letter", async () => {
  await using world = await startThree({
    one: { forward: ["bob@two.test"] },
    two: { forward: ["alice@one.test"] },
  });
  await writeToAlice(world.one, sampleMessage({ from: STRANGER, subject: "Round" }));
  await using alice = await world.one.imap("alice@one.test");
  await waitForMessages(alice, 1);
  assert.match(await alice.body(1), /^Delivered-To: bob@two\.test\r$/m);
  for (const [server, times] of [[world.one, 2], [world.two, 1]] as const) {
    assert.equal(server.log.filter(({ event }) => event === "message-accepted").length, times);
  }
  assert.equal(world.sink.messages.length, 0);
});

Deno.test("e2e: details, two addresses of one account, a list with a full member", async () => {
  await using world = await makeWorld();
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a", "bob@one.test": "b" },
    config: {
      domains: {
        "one.test": {
          accounts: { alice: { aliases: ["sales"] }, bob: { quota: "40KiB" } },
          aliases: { both: ["alice", "bob"] },
        },
      },
    },
  });
  await using alice = await one.imap("alice@one.test");
  await alice.command("CREATE Work");
  await using smtp = await one.smtp();
  const send = async (to: string, text: string) => {
    const message = sampleMessage({ from: STRANGER, subject: text.slice(0, 20), text });
    const { code, enhanced } = await smtp.send({ from: STRANGER, to, message });
    return `${code} ${enhanced}`;
  };
  assert.equal(await send("alice+work@one.test", "For a folder"), "250 2.0.0");
  await waitForMessages(alice, 1, "Work");

  const twice = sampleMessage({ from: STRANGER, subject: "Twice" });
  for (const to of ["alice@one.test", "sales@one.test"]) {
    assert.equal((await smtp.send({ from: STRANGER, to, message: twice })).code, 250);
  }
  assert.equal(await alice.select("INBOX"), 1);

  assert.equal(await send("bob@one.test", `${"x".repeat(70)}\r\n`.repeat(600)), "552 5.2.2");
  assert.equal(await send("bob@one.test", `${"y".repeat(70)}\r\n`.repeat(480)), "250 2.0.0");
  await using bob = await one.imap("bob@one.test");
  await waitForMessages(bob, 2);
  assert.match(await bob.body(2), /^Subject: Your mailbox is \d\d % full\r$/m);
  assert.equal(await send("bob@one.test", `${"z".repeat(70)}\r\n`.repeat(120)), "452 4.2.2");
  assert.equal(await send("both@one.test", `${"z".repeat(70)}\r\n`.repeat(120)), "250 2.0.0");
  await waitForMessages(alice, 2);
  assert.equal(await bob.select("INBOX"), 2);
});
