//   SIGHUP: a good file is taken over, a bad one is refused and the old configuration goes on
//   SIGTERM: nobody new comes in, what runs is finished, exit code 0
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { SmtpClient } from "../../support/smtp_client.ts";

const accounts = { "alice@example.test": "a" };

Deno.test("e2e: SIGHUP takes a good configuration over and keeps the old one beside a bad one", async () => {
  await using server = await Mailden.start({ accounts });
  await using smtp = await server.smtp();
  await smtp.expect("MAIL FROM:<carol@foreign.test>", 250);
  assert.equal((await smtp.command("RCPT TO:<new@example.test>")).code, 550);
  await server.configure({ domains: { "example.test": { accounts: { new: {} } } } });
  const reloaded = await server.reload();
  assert.match(reloaded.event, /reload/);
  await smtp.expect("RCPT TO:<new@example.test>", 250);

  const good = await Deno.readTextFile(server.configFile);
  await Deno.writeTextFile(server.configFile, `${good}\nhostnam: typo.test\n`);
  const refused = await server.reload();
  assert.equal(refused.level, "error");
  assert.match(JSON.stringify(refused), /hostname/, "the log does not say what was meant");
  await smtp.expect("NOOP", 250);
  assert.equal((await server.health()).status, 200);
});

Deno.test("e2e: SIGTERM lets a running transaction end, refuses new ones and exits with 0", async () => {
  await using server = await Mailden.start({ accounts });
  const { host, ports } = server;
  const smtp = await server.smtp();
  await smtp.expect("MAIL FROM:<carol@foreign.test>", 250);
  await smtp.expect("RCPT TO:<alice@example.test>", 250);
  await smtp.expect("DATA", 354);
  await smtp.socket.write("Subject: half\r\n\r\nThe first half\r\n");
  const ended = server.stop();
  await server.waitForLog((line) => /drain|shutdown|stopping/.test(line.event));
  await assert.rejects(SmtpClient.connect({ host, port: ports.smtp }));
  await smtp.socket.write("and the second.\r\n.\r\n");
  assert.equal((await smtp.reply()).code, 250);
  assert.equal(await ended, 0);
  await smtp.close();

  await server.serve();
  await using imap = await server.imap("alice@example.test");
  assert.equal(await imap.select(), 1);
});
