//   Alice's program --ManageSieve, STARTTLS--> script in the store --> acts on what comes by SMTP --> a folder
import assert from "node:assert/strict";
import { ManageSieveClient } from "../../support/managesieve_client.ts";
import { Mailden } from "../../support/mailden.ts";
import { waitForMessages } from "../world.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";
const accounts = { [ALICE]: "a secret", [BOB]: "another" };

const SCRIPT = `require ["fileinto", "mailbox"];\r
# Work mail\r
if header :contains "subject" "[work]" { fileinto :create "Work"; }\r
`;

async function deliver(server: Mailden, to: string, subject: string): Promise<void> {
  await using smtp = await server.smtp();
  const message = `From: carol@foreign.test\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nText\r\n`;
  assert.equal((await smtp.send({ from: "carol@foreign.test", to, message })).code, 250);
}

Deno.test("e2e: a script is put and activated over ManageSieve, files mail, and outlives a kill", async () => {
  await using server = await Mailden.start({ accounts });
  await using plain = await ManageSieveClient.connect({ port: server.ports.managesieve });
  assert.ok(plain.greeting.lines.includes('"SASL" ""') && plain.greeting.lines.includes('"STARTTLS"'));
  assert.match(
    await plain.no(`AUTHENTICATE "PLAIN" "${btoa(`\0${ALICE}\0a secret`)}"`),
    /^\(ENCRYPT-NEEDED\)/,
  );
  const capabilities = await plain.startTls();
  assert.ok(capabilities.some((line) => /^"SASL" "SCRAM-SHA-256.* PLAIN"$/.test(line)), capabilities.join());
  assert.ok(!capabilities.includes('"STARTTLS"'));

  await using alice = await server.managesieve(ALICE);
  assert.equal((await alice.put("work", SCRIPT)).kind, "OK");
  await deliver(server, ALICE, "[work] before");
  await alice.ok('SETACTIVE "work"');
  await deliver(server, ALICE, "[work] after");
  await deliver(server, ALICE, "play");
  await deliver(server, BOB, "[work] for Bob");
  // What is wrong is refused with its place, and changes nothing.
  const wrong = await alice.put("work", 'fileinto "Work";\r\n');
  assert.deepEqual([wrong.kind, /^Line 1, column 1: /.test(wrong.text)], ["NO", true], wrong.text);

  await server.kill();
  await server.serve();
  await using again = await server.managesieve(ALICE);
  assert.deepEqual(await again.ok("LISTSCRIPTS"), ['"work" ACTIVE']);
  assert.equal(await again.get("work"), SCRIPT);
  await deliver(server, ALICE, "[work] after the kill");

  await using imap = await server.imap(ALICE);
  await waitForMessages(imap, 2, "Work");
  await waitForMessages(imap, 2, "INBOX");
  await using bob = await server.imap(BOB);
  await waitForMessages(bob, 1, "INBOX");

  await again.ok('SETACTIVE ""');
  await again.ok('DELETESCRIPT "work"');
  await deliver(server, ALICE, "[work] without a script");
  await waitForMessages(imap, 3, "INBOX");
  assert.equal((await again.command("LOGOUT")).kind, "OK");
});

Deno.test("e2e: what follows STARTTLS in the clear is not obeyed inside TLS", async () => {
  await using server = await Mailden.start({ accounts });
  await using client = await ManageSieveClient.connect({ port: server.ports.managesieve });
  await client.socket.write('STARTTLS\r\nNOOP "injected"\r\n');
  assert.equal(await client.socket.readToEnd(), 'BYE "Nothing may follow STARTTLS before the handshake"\r\n');
});

Deno.test("e2e: a reload changes what scripts may be, and the port can be switched off", async () => {
  await using server = await Mailden.start({ accounts });
  await using alice = await server.managesieve(ALICE);
  await alice.ok('HAVESPACE "a" 5000');
  await server.configure({ limits: { sieve: { script_size: "2KiB", redirects: 1 } } });
  assert.equal((await server.reload()).event, "reloaded");
  assert.match(await alice.no('HAVESPACE "a" 5000'), /^\(QUOTA\/MAXSIZE\)/);
  assert.ok((await alice.ok("CAPABILITY")).includes('"MAXREDIRECTS" "1"'));
  await server.configure({ listen: { managesieve: "off" } });
  await server.stop();
  await server.serve();
  await assert.rejects(ManageSieveClient.connect({ port: server.ports.managesieve }), /ECONNREFUSED/);
});
