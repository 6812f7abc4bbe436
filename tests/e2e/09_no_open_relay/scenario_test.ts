//   stranger --25--> Mailden: only for our own domains; smuggled commands stay text
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";

const accounts = { "alice@example.test": "a" };

Deno.test("e2e: no open relay, in any spelling", async () => {
  await using server = await Mailden.start({ accounts });
  await using smtp = await server.smtp();
  const recipients = [
    "<victim@foreign.test>",
    "<victim%foreign.test@example.test>",
    '<"victim@foreign.test"@example.test>',
    "<@example.test:victim@foreign.test>",
    "<foreign.test!victim@example.test>",
    '<"victim@foreign.test">',
    "<victim@foreign.test@example.test>",
  ];
  for (const recipient of recipients) {
    await smtp.expect("MAIL FROM:<alice@example.test>", 250);
    const reply = await smtp.command(`RCPT TO:${recipient}`);
    assert.ok(reply.code >= 500, `${recipient}: ${reply.text}`);
    await smtp.expect("RSET", 250);
  }
  await using submission = await server.submission();
  assert.equal((await submission.command("MAIL FROM:<alice@example.test>")).code, 530);
});

Deno.test("e2e: no other line end than CR LF ends the data, or begins a command", async () => {
  const ends = ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\n\0.\r\n"];
  await using server = await Mailden.start({ accounts });
  for (const end of ends) {
    await using smtp = await server.smtp();
    await smtp.expect("MAIL FROM:<carol@foreign.test>", 250);
    await smtp.expect("RCPT TO:<alice@example.test>", 250);
    await smtp.expect("DATA", 354);
    await smtp.socket.write(
      `Subject: outer\r\n\r\nText${end}MAIL FROM:<x@foreign.test>\r\nRCPT TO:<alice@example.test>\r\n` +
        "DATA\r\nSubject: smuggled\r\n\r\nbad\r\n.\r\n",
    );
    const reply = await smtp.reply();
    assert.ok(reply.code >= 500, `${JSON.stringify(end)}: ${reply.text}`);
    await smtp.expect("NOOP", 250);
  }
  await using imap = await server.imap("alice@example.test");
  assert.equal(await imap.select(), 0);
});
