//   cron --sendmail(1)--> maildrop (whether or not the server runs) --> Mailden --> INBOX, or MX
import assert from "node:assert/strict";
import { join } from "node:path";
import { Mailden } from "../../support/mailden.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld, waitForMessages } from "../world.ts";

const accounts = { "alice@example.test": "a" };

Deno.test("e2e: sendmail takes mail while the server is down, and it arrives when it is up", async () => {
  await using server = await Mailden.prepare({ accounts });
  const sendmail = (args: string[], stdin: string) =>
    server.command(["sendmail", "-C", server.configFile, ...args], { stdin, rawArguments: true });
  const taken = await sendmail(["-t", "-i"], "To: alice@example.test\nSubject: while down\n\n.\nend\n");
  assert.equal(
    taken.code,
    73,
    "without a maildrop there is nothing to keep it in, and the program must know",
  );
  await server.serve();
  assert.equal(await server.stop(), 0);

  for (const subject of ["first", "second"]) {
    const { code, stderr } = await sendmail(
      ["-t", "-i"],
      `To: alice@example.test\nBcc: alice@example.test\nSubject: ${subject}\n\n.\nend\n`,
    );
    assert.equal(code, 0, stderr);
  }
  await server.serve();
  await using imap = await server.imap("alice@example.test");
  await waitForMessages(imap, 2);
  const first = await imap.body(1);
  assert.match(first, /Subject: first\r\n\r\n\.\r\nend\r\n$/);
  assert.doesNotMatch(first, /^Bcc:/m);
  assert.equal(Array.from(Deno.readDirSync(join(server.dataDirectory, "maildrop"))).length, 0);

  const smtp = await sendmail(
    ["-bs"],
    "EHLO me\r\nMAIL FROM:<cron@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nSubject: third\r\n\r\n.\r\nQUIT\r\n",
  );
  assert.equal(smtp.code, 0);
  assert.match(smtp.stdout, /^250 2\.0\.0 .*queued as/m);
  await waitForMessages(imap, 3);
  const codes: [string[], number][] = [[["-t"], 64], [["-bd"], 64], [["a b c@@"], 65]];
  for (const [args, code] of codes) assert.equal((await sendmail(args, "\nx\n")).code, code, args.join(" "));
});

Deno.test("e2e: a dropped message goes out, an unknown user is reported, a link is not followed", async () => {
  await using world = await makeWorld();
  const host = world.address();
  await using sink = await SmtpSink.start({ host, port: world.smtpPort });
  world.dns.set("away.test", { A: [host] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
  });
  const secret = join(one.directory, "secret");
  await Deno.writeTextFile(
    secret,
    '{"version":1,"sender":"","recipients":["alice@one.test"]}\n\r\nsecret\r\n',
  );
  const maildrop = join(one.dataDirectory, "maildrop");
  await Deno.symlink(secret, join(maildrop, "01m800000000000000aa.mail"));
  await Deno.link(secret, join(maildrop, "01m800000000000000ab.mail"));
  await Deno.writeTextFile(join(maildrop, "01m800000000000000ac.mail"), "garbage");
  const { code } = await one.command(
    ["sendmail", "-C", one.configFile, "-f", "alice@one.test", "carol@away.test", "nobody@one.test"],
    { stdin: "Subject: out\n\nx\n", rawArguments: true },
  );
  assert.equal(code, 0);
  const [got] = await sink.waitForAccepted(1);
  assert.deepEqual(got?.to, ["carol@away.test"]);
  await using alice = await one.imap("alice@one.test");
  await waitForMessages(alice, 1);
  assert.match(await alice.body(1), /Final-Recipient: rfc822; ?nobody@one\.test/i);
  assert.equal(one.log.filter(({ event }) => event === "maildrop-corrupt").length, 3);
});
