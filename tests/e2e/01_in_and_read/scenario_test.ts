//   foreign client --25--> Mailden --> INBOX --143/993--> IMAP client
//                                            --110/995--> POP3 client
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Mailden } from "../../support/mailden.ts";
import { sampleMessage } from "../../support/smtp_client.ts";

const accounts = { "alice@example.test": "correct horse", "bob@example.test": "battery" };

Deno.test("e2e: a letter from outside is read by IMAP and POP3, byte for byte", async () => {
  await using server = await Mailden.start({
    accounts,
    config: { domains: { "example.test": { aliases: { both: ["alice", "bob"] } } } },
  });
  const text = "A line.\r\n.a line with a dot\r\n\r\nWith 8-bit: gr\u00fc\u00df dich\r\n";
  const message = sampleMessage({ subject: "First", text });
  await using smtp = await server.smtp();
  const reply = await smtp.send({ from: "carol@foreign.test", to: "alice@example.test", message });
  assert.equal(reply.code, 250);

  await using imap = await server.imap("alice@example.test");
  assert.equal(await imap.select(), 1);
  const stored = await imap.body(1);
  assert.ok(stored.startsWith("Return-Path: <carol@foreign.test>\r\nReceived: from client.test "), stored);
  assert.ok(Buffer.from(stored, "latin1").toString("utf8").endsWith(message), stored);
  const { untagged } = await imap.ok("FETCH 1 (FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE)");
  assert.match(untagged.join(), /"First"/);
  assert.match(untagged.join(), new RegExp(`RFC822.SIZE ${stored.length}\\b`));

  await using pop3 = await server.pop3("alice@example.test");
  assert.deepEqual(await pop3.stat(), { messages: 1, bytes: stored.length });
  assert.equal(await pop3.retr(1), stored);

  await smtp.send({ from: "", to: ["both@example.test", "bob@example.test"], message });
  await using bob = await server.imap("bob@example.test");
  assert.equal(await bob.select(), 1, "an account that is reached twice gets one copy");

  const id = / queued as (\S+)/.exec(reply.lines.join(" "))?.[1];
  assert.ok(id !== undefined, `no id in "${reply.text}"`);
  const life = server.log.filter((line) => JSON.stringify(line).includes(id)).map((line) => line.event);
  assert.ok(life.includes("message-accepted"), `the log of ${id}: ${life}`);
  assert.ok(!server.output.includes("correct horse"), "a password is in the log");
  assert.ok(!server.output.includes("A line with"), "a body is in the log");
  assert.ok(await server.metric("mailden_messages_in_total") >= 2);
});

Deno.test("e2e: log-in needs TLS, and a wrong password and an unknown user get the same answer", async () => {
  await using server = await Mailden.start({ accounts });
  await using submission = await server.submission();
  const wrong = await submission.authPlain("alice@example.test", "wrong");
  const unknown = await submission.authPlain("nobody@example.test", "wrong");
  assert.equal(wrong.text, unknown.text);
  assert.equal(wrong.code, 535);
  const { SmtpClient } = await import("../../support/smtp_client.ts");
  await using plain = await SmtpClient.connect({ host: server.host, port: server.ports.submission });
  await plain.ehlo();
  assert.equal(plain.extensions.has("AUTH"), false);
  assert.equal((await plain.authPlain("alice@example.test", "correct horse")).code, 538);
  await using imap = await server.imap();
  await imap.expect("NO", 'LOGIN "alice@example.test" "wrong"');
  await imap.ok('LOGIN "alice@example.test" "correct horse"');
});
