//   alice --587--> Mailden --MX, STARTTLS--> Postfix --virtual--> carol's Maildir
//   carol --25--> Postfix --transport map, STARTTLS--> Mailden --> alice's INBOX
//   carol --25--> Postfix --> Mailden (alias) --> Postfix (alias) --> Mailden, which has forwarded it before and refuses it
//   carol --25--> Postfix --> Mailden (alice forwards) --> Postfix (alias) --> Mailden, where it stays
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { waitForMessages } from "../e2e/world.ts";
import { sampleMessage } from "../support/smtp_client.ts";
import { run } from "./peer.ts";
import { ALICE, CAROL, startPair } from "./postfix_world.ts";

const LETTERS = 50;
const BIG = 300_000;

/** Texts that hops are known to damage. */
const TEXTS = [
  "Plain words.",
  "Grüße aus Köln, žluťoučký kůň, 日本語",
  ".\r\n..\r\n.A line that begins with a dot\r\n.",
  `From the first word on\r\n${"x".repeat(998)}\r\n  \r\n\ttab `,
  `${"A line of a long letter.\r\n".repeat(BIG / 26)}.end`,
];

const textOf = (index: number) => TEXTS[index % TEXTS.length]!;

/** The letters by their subjects: what is behind the header, without final line ends. */
function bodies(letters: readonly string[]): Map<string, string> {
  return new Map(letters.map((letter) => {
    const text = letter.replaceAll("\r\n", "\n");
    const end = text.indexOf("\n\n");
    const subject = /^Subject: (.*)$/m.exec(text.slice(0, end))?.[1] ?? "";
    return [subject, text.slice(end + 2).replace(/\n$/, "")];
  }));
}

function assertWhole(letters: readonly string[], count: number): void {
  const got = bodies(letters);
  assert.deepEqual([...got.keys()].sort(), Array.from({ length: count }, (_, i) => `letter-${i}`).sort());
  for (let i = 0; i < count; i++) {
    const wanted = Buffer.from(textOf(i)).toString("latin1").replaceAll("\r\n", "\n");
    assert.ok(got.get(`letter-${i}`) === wanted, `The text of letter-${i} changed on its way`);
  }
}

Deno.test("peer: Postfix gets letters over TLS, unchanged, and answers what the sender asked", async () => {
  await using pair = await startPair();
  await using submission = await pair.mailden.submission(ALICE);
  for (let i = 0; i < LETTERS; i++) {
    const message = sampleMessage({ from: ALICE, to: CAROL, subject: `letter-${i}`, text: textOf(i) });
    const reply = await submission.send({ from: ALICE, to: CAROL, message, mailParams: "BODY=8BITMIME" });
    assert.equal(reply.code, 250, reply.text);
  }
  const letters = await pair.waitForCarol(LETTERS);
  assertWhole(letters, LETTERS);
  for (const letter of letters) {
    assert.match(
      letter,
      /^Received: from mx\.one\.test [^]*?using TLSv1\.[23] [^]*?by mx\.away\.test \(Postfix\) with ESMTPS/m,
    );
  }
  // The long ones went by CHUNKING, the others by DATA: that is counted when the connections end.
  await pair.waitForLog(/ disconnect from .* starttls=1 .* bdat=\d/);
  await pair.waitForLog(/ disconnect from .* starttls=1 .* data=\d/);

  await submission.expect(`MAIL FROM:<${ALICE}> ENVID=Order+2B7 RET=HDRS`, 250);
  await submission.expect(`RCPT TO:<${CAROL}> NOTIFY=SUCCESS ORCPT=rfc822;caroline@away.test`, 250);
  const asked = sampleMessage({ from: ALICE, to: CAROL, subject: "Did you get it?" });
  assert.equal((await submission.data(asked)).code, 250);
  await using alice = await pair.mailden.imap(ALICE);
  await waitForMessages(alice, 1);
  const success = await alice.body(1);
  assert.match(success, /^Received: from mx\.away\.test [^]*?with ESMTPS/m);
  assert.match(success, /^Reporting-MTA: dns; mx\.away\.test\r$/m);
  assert.match(success, /^Original-Envelope-Id: Order\+7\r$/m);
  assert.match(success, /^Original-Recipient: rfc822; ?caroline@away\.test\r$/m);
  assert.match(success, /^Final-Recipient: rfc822; carol@away\.test\r$/m);
  assert.match(success, /^Action: delivered\r$/m);

  await submission.send({ from: ALICE, to: "nobody@away.test", message: sampleMessage({ from: ALICE }) });
  await waitForMessages(alice, 2);
  const failure = await alice.body(2);
  assert.match(failure, /^Reporting-MTA: dns; ?mx\.one\.test\r$/m);
  assert.match(failure, /^Final-Recipient: rfc822; nobody@away\.test\r$/m);
  assert.match(failure, /^Action: failed\r$/m);
  assert.match(failure, /^Status: 5\.1\.1\r$/m);
  assert.match(failure, /User unknown in virtual mailbox table/);
  await pair.waitForQuiet();
});

Deno.test("peer: Postfix hands letters over with TLS, unchanged, and hears of an unknown user", async () => {
  await using pair = await startPair();
  await using client = await pair.toPostfix();
  const message = (i: number) =>
    sampleMessage({ from: CAROL, to: ALICE, subject: `letter-${i}`, text: textOf(i) });
  for (let i = 0; i < LETTERS - 1; i++) {
    const sent = { from: CAROL, to: ALICE, message: message(i), mailParams: "BODY=8BITMIME" };
    assert.equal((await client.send(sent)).code, 250);
  }
  // And one as the programs of its machine send.
  await run("/usr/sbin/sendmail", ["-C", pair.postfix.configFolder, "-f", CAROL, "-i", ALICE], {
    stdin: message(LETTERS - 1).replaceAll("\r\n", "\n"),
  });
  await using alice = await pair.mailden.imap(ALICE);
  await waitForMessages(alice, LETTERS);
  const letters: string[] = [];
  for (let number = 1; number <= LETTERS; number++) letters.push(await alice.body(number));
  assertWhole(letters, LETTERS);
  for (const letter of letters) {
    assert.match(letter, /^Received: from mx\.away\.test [^]*?by mx\.one\.test with ESMTPS/m);
  }

  const reply = await client.send({
    from: CAROL,
    to: "nobody@one.test",
    message: sampleMessage({ from: CAROL, subject: "To nobody" }),
  });
  assert.equal(reply.code, 250);
  const [bounce = ""] = await pair.waitForCarol(1);
  assert.match(bounce, /^Return-Path: <>$/m);
  assert.match(bounce, /^Final-Recipient: rfc822; nobody@one\.test$/m);
  assert.match(bounce, /^Action: failed$/m);
  assert.match(bounce, /^Status: 5\.1\.1$/m);
  assert.match(bounce, /^Remote-MTA: dns; /m);
  assert.match(bounce, /^Subject: To nobody$/m);
  await pair.waitForQuiet();
});

Deno.test("peer: a letter that two aliases send in a circle comes back to its sender, once", async () => {
  await using pair = await startPair({
    domains: { "one.test": { aliases: { circle: ["circle@away.test"] } } },
  });
  await using client = await pair.toPostfix();
  const reply = await client.send({
    from: CAROL,
    to: "circle@one.test",
    message: sampleMessage({ from: CAROL, subject: "Round and round" }),
  });
  assert.equal(reply.code, 250);
  const [bounce = ""] = await pair.waitForCarol(1);
  assert.match(bounce, /^Return-Path: <>$/m);
  assert.match(bounce, /^Action: failed$/m);
  assert.match(bounce, /^Status: 5\.4\.6$/m);
  assert.match(bounce, /^Subject: Round and round$/m);
  await pair.waitForQuiet();
  assert.equal((await pair.waitForCarol(1)).length, 1);
  const taken = pair.mailden.log.filter((line) => line.event === "message-accepted");
  // The letter, and its bounce to the address that it left under.
  assert.equal(taken.length, 2);
});

Deno.test("peer: a letter that an account forwards to somebody who forwards it back is there once", async () => {
  await using pair = await startPair({
    domains: { "one.test": { accounts: { alice: { forward: ["back@away.test"] } } } },
  });
  await using client = await pair.toPostfix();
  const message = sampleMessage({ from: CAROL, to: ALICE, subject: "There and back" });
  assert.equal((await client.send({ from: CAROL, to: ALICE, message })).code, 250);
  await using alice = await pair.mailden.imap(ALICE);
  await waitForMessages(alice, 1);
  const letter = await alice.body(1);
  assert.match(letter, /^Return-Path: <SRS0=\w+=\w\w=away\.test=carol@one\.test>\r$/m);
  assert.match(letter, /^Delivered-To: alice@one\.test\r$/m);
  assert.ok(letter.endsWith(message.replace(/\r?\n$/, "") + "\r\n"), letter);
  await pair.waitForQuiet();
  assert.equal(await alice.select("INBOX"), 1);
  // Once from Carol, and once back from Postfix.
  assert.equal(pair.mailden.log.filter(({ event }) => event === "message-accepted").length, 2);
});
