//   alice, first session   --a command on 100,000 messages-->  server
//   alice, second session  --NOOP, NOOP, NOOP ... ---------->  server   answered before the first one is
//   bob                    --FETCH, STORE, APPEND ... ------>  server   likewise
//
// What is asserted is order: the others are served while the long command is under way. How long they wait is a figure of
// `deno task bench --rows others`, where no busy machine makes a test fail.
import assert from "node:assert/strict";
import { ImapClient } from "../../support/imap_client.ts";
import { Mailden } from "../../support/mailden.ts";
import { fillWithCopies } from "../../support/many_messages.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";
const MANY = 100_000;
/** Answers that each of the others must have had by then: the first may have been on its way before. */
const LEAST = 2;
/** A command that takes a tenth of a second is given again when the machine had no time for the others in it. */
const TRIES = 20;
const MESSAGE = new TextEncoder().encode(
  "From: a@example.com\r\nSubject: Re: one of many\r\nMessage-ID: <1@example.com>\r\n" +
    "References: <0@example.com>\r\n\r\nA text\r\n",
);

const EVERY_OTHER = Array.from({ length: 5000 }, (_, i) => 2 * i + 1).join(",");
/** Each can be given again; what is changed is changed back. */
const COMMANDS: readonly (readonly string[])[] = [
  ["SEARCH TEXT nowhere"],
  ["SEARCH NOT BODY nowhere"],
  ["SORT (SUBJECT REVERSE DATE FROM) UTF-8 ALL"],
  ["THREAD REFERENCES UTF-8 ALL"],
  ["FETCH 1:* (FLAGS UID ENVELOPE)"],
  ["FETCH 1:20000 BODY.PEEK[]"],
  ["COPY 1:* Archive"],
  ["STORE 1:* +FLAGS (\\Flagged)", "STORE 1:* -FLAGS (\\Flagged)"],
  [
    `UID STORE ${EVERY_OTHER} +FLAGS.SILENT (\\Deleted)`,
    `UID STORE ${EVERY_OTHER} -FLAGS.SILENT (\\Deleted)`,
  ],
  ["MOVE 1:40000 Archive"],
  ["STORE 1:* +FLAGS.SILENT (\\Deleted)", "STORE 1:* -FLAGS.SILENT (\\Deleted)"],
];
const SMALL = [
  (client: ImapClient) => client.ok("FETCH 1 (FLAGS BODY.PEEK[])"),
  (client: ImapClient) => client.ok("STORE 1 +FLAGS (\\Seen)"),
  (client: ImapClient) => client.append("INBOX", "Subject: small\r\n\r\nText\r\n"),
];

/** Asks one small thing after the other until the work is over; how many were answered before. */
async function answersBefore(
  work: Promise<unknown>,
  ask: (turn: number) => Promise<unknown>,
): Promise<number> {
  let isOver = false;
  void work.finally(() => isOver = true).catch(() => {});
  for (let answers = 0;; answers++) {
    await ask(answers);
    if (isOver) return answers;
  }
}

Deno.test("the long commands of one session do not hold up the others", async () => {
  await using server = await Mailden.prepare({ accounts: { [ALICE]: "secret", [BOB]: "secret" } });
  await fillWithCopies({
    dataDirectory: server.dataDirectory,
    account: ALICE,
    count: MANY,
    message: MESSAGE,
  });
  await server.serve();
  const address = { host: server.host, port: server.ports.imaps, tls: true };
  await using busy = await ImapClient.connect(address);
  await busy.login(ALICE, "secret");
  assert.equal(await busy.select(), MANY);
  await using second = await server.imap(ALICE);
  await using bob = await server.imap(BOB);
  await bob.append("INBOX", "Subject: one\r\n\r\nText\r\n");
  await bob.select();
  const others = (work: Promise<unknown>) =>
    Promise.all([
      answersBefore(work, () => second.ok("NOOP")),
      answersBefore(work, (turn) => SMALL[turn % SMALL.length]!(bob)),
      work,
    ]);
  for (const commands of COMMANDS) {
    let had: readonly number[] = [0, 0];
    for (let attempt = 0; attempt < TRIES && Math.min(...had) < LEAST; attempt++) {
      const [nooped, served] = await others(busy.ok(commands[attempt % commands.length]!));
      had = [nooped, served];
    }
    assert.ok(
      Math.min(...had) >= LEAST,
      `${commands[0]!.slice(0, 50)}: the others had ${had} answers before it`,
    );
  }
  await busy.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)");
  const [nooped, served] = await others(busy.ok("EXPUNGE"));
  assert.ok(Math.min(nooped, served) >= LEAST, `EXPUNGE: the others had ${nooped} and ${served} answers`);
});
