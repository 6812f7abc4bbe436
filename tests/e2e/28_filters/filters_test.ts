//   carol@foreign.test --25--> Mailden one.test --Sieve--> alice's mailboxes --143--> IMAP
//                                              --redirect, vacation--> mx.foreign.test (sink)
import assert from "node:assert/strict";
import { join } from "node:path";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld, waitForMessages } from "../world.ts";

const ALICE = "alice@one.test";
const CAROL = "carol@foreign.test";

const SCRIPT = `require ["fileinto", "imap4flags", "mailbox", "reject", "copy", "vacation", "variables"];
if header :is "subject" "work" { fileinto :create :flags ["\\\\Flagged", "todo"] "Work/Now"; }
elsif header :is "subject" "pass on" { redirect :copy "dave@foreign.test"; }
elsif header :is "subject" "no" { reject "Not this, please"; }
elsif header :is "subject" "away" { vacation :days 2 "I am on the sea."; }
elsif header :is "subject" "broken" { set "a" "b"; redirect "\${a}"; }
`;

Deno.test("e2e: a filter files, marks, sends on, refuses and answers, and its owner hears when it fails", async () => {
  await using world = await makeWorld();
  const foreign = world.address();
  world.dns.set("foreign.test", { MX: [{ preference: 10, exchange: "mx.foreign.test" }] });
  world.dns.set("mx.foreign.test", { A: [foreign] });
  await using sink = await SmtpSink.start({ host: foreign, port: world.smtpPort });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { [ALICE]: "a", "bob@one.test": "b" },
  });
  // Errors name file, line and column, and nothing is stored.
  const wrong = await one.command(["sieve", "put", "main", "--account", ALICE], { stdin: "keep;\nfilinto" });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^main:2:\d+: /);
  const put = await one.command(["sieve", "put", "main", "--account", ALICE, "--activate"], {
    stdin: SCRIPT,
  });
  assert.equal(put.code, 0, put.stderr);
  assert.match((await one.command(["sieve", "list", "--account", ALICE])).stdout, /main +\S.* yes/);
  const shown = await one.command(["sieve", "get", "--account", ALICE]);
  assert.equal(shown.stdout, SCRIPT);

  await using smtp = await one.smtp();
  const send = (subject: string, to: string | string[] = ALICE) =>
    smtp.send({ from: CAROL, to, message: sampleMessage({ from: CAROL, to: ALICE, subject }) });

  // RFC 5228 section 4.1, RFC 5232, RFC 5490.
  assert.equal((await send("work")).code, 250);
  await using imap = await one.imap(ALICE);
  assert.equal(await imap.select("Work/Now"), 1);
  assert.match((await imap.ok("FETCH 1 FLAGS")).untagged.join(), /\\Flagged todo/);

  // RFC 5228 section 4.2, RFC 3894.
  assert.equal((await send("pass on")).code, 250);
  const [passed] = await sink.waitForAccepted(1);
  assert.deepEqual(passed!.to, ["dave@foreign.test"]);
  assert.match(
    passed!.text,
    /^Received: by mx\.one\.test[^]*Delivered-To: alice@one\.test\r\n[^]*Subject: pass on/,
  );
  assert.equal(await imap.select(), 1);

  // RFC 5429 section 2.1.
  await smtp.expect(`MAIL FROM:<${CAROL}>`, 250);
  await smtp.expect(`RCPT TO:<${ALICE}>`, 250);
  const refused = await smtp.data(sampleMessage({ from: CAROL, to: ALICE, subject: "no" }));
  assert.equal(`${refused.code} ${refused.enhanced}`, "550 5.7.1");
  assert.match(refused.text, /Not this, please/);
  // With others who take it, the sender is told by a report.
  assert.equal((await send("no", [ALICE, "bob@one.test"])).code, 250);
  const reported = (await sink.waitForAccepted(2))[1]!;
  assert.deepEqual([reported.from, reported.to], ["", [CAROL]]);
  assert.match(reported.text, /alice@one\.test[^]*Not this, please/);
  await using bob = await one.imap("bob@one.test");
  assert.equal(await bob.select(), 1);

  // RFC 5230 section 4.2: once.
  await send("away");
  await send("away");
  const answer = (await sink.waitForAccepted(3))[2]!;
  assert.deepEqual([answer.from, answer.to], ["", [CAROL]]);
  assert.match(answer.text, /Auto-Submitted: auto-replied \(vacation\)[^]*I am on the sea\./);
  assert.equal(await imap.select(), 3);

  // RFC 5228 section 2.10.6, and one notice however often it fails.
  await send("broken");
  await send("broken");
  await waitForMessages(imap, 6);
  const notices = await imap.ok('SEARCH SUBJECT "problem with your mail filter"');
  assert.match(notices.untagged.join(), /^SEARCH \d+$/);
  const notice = await imap.body(Number(/\d+/.exec(notices.untagged.join())![0]));
  assert.match(notice, /Line 6, column \d+: /);
  await smtp.quit();
  assert.equal(sink.accepted.length, 3);
  assert.equal((await one.command(["sieve", "remove", "main", "--account", ALICE])).code, 1);
  assert.equal((await one.command(["sieve", "activate", "--none", "--account", ALICE])).code, 0);
  assert.equal((await one.command(["sieve", "remove", "main", "--account", ALICE])).code, 0);
});

Deno.test("e2e: an away note answers without a script, and the administrator's scripts stand around all", async () => {
  await using world = await makeWorld();
  const foreign = world.address();
  world.dns.set("foreign.test", { MX: [{ preference: 10, exchange: "mx.foreign.test" }] });
  world.dns.set("mx.foreign.test", { A: [foreign] });
  await using sink = await SmtpSink.start({ host: foreign, port: world.smtpPort });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { [ALICE]: "a" },
  });
  const vacation = (...args: string[]) => ["vacation", ...args, "--account", ALICE];
  const set = await one.command(vacation("set", "--until", "2099-12-31"), { stdin: "Back in 2100.\n" });
  assert.equal(set.code, 0, set.stderr);
  assert.match((await one.command(vacation("show"))).stdout, /Until: +2099-12-31[^]*Back in 2100\./);
  await using smtp = await one.smtp();
  const send = (subject: string) =>
    smtp.send({ from: CAROL, to: ALICE, message: sampleMessage({ from: CAROL, to: ALICE, subject }) });
  await send("Hello");
  const [answer] = await sink.waitForAccepted(1);
  assert.match(answer!.text, /Subject: Auto: Hello\r\n[^]*Back in 2100\./);
  assert.equal((await one.command(vacation("off"))).code, 0);

  const before = join(one.directory, "before.sieve");
  await Deno.writeTextFile(
    before,
    'require "fileinto";\nif header :contains "subject" "spam" { fileinto "Junk"; stop; }\n',
  );
  await one.configure({ sieve: { before } });
  assert.equal((await one.reload()).event, "reloaded");
  await send("spam");
  await using imap = await one.imap(ALICE);
  assert.equal(await imap.select("Junk"), 1);
  // A bad one changes nothing.
  await Deno.writeTextFile(before, "keep;\nkeep");
  const failed = await one.reload();
  assert.match(JSON.stringify(failed), /before\.sieve:2:\d+: /);
  await send("spam");
  assert.equal(await imap.select("Junk"), 2);

  const script = join(one.directory, "try.sieve");
  const message = join(one.directory, "try.eml");
  await Deno.writeTextFile(
    script,
    'require ["fileinto", "imap4flags"];\nfileinto :flags "\\\\Seen" "Work";\n',
  );
  await Deno.writeTextFile(message, "From: x@foreign.test\nSubject: Hi\n\nHello.\n");
  const args = ["sieve", "test", "--script", script, "--message", message];
  const tried = await one.command(args, { rawArguments: true });
  assert.deepEqual([tried.code, tried.stdout], [0, 'Put it into "Work", marked \\Seen\n']);
});
