//   c1..cN --25--> Mailden, killed with SIGKILL at each step of one letter and at random, started again; what got no 250 is sent again
//   alice's Sieve: files it, sends a copy on to dave, answers;  fred's account: forwards it to gina
//   alice's mailbox <--+--> dave, gina and the answers to c1..cN (sink)
import assert from "node:assert/strict";
import type { Mailden } from "../../support/mailden.ts";
import type { LogLine } from "../../support/program.ts";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink, type SunkMessage } from "../../support/smtp_sink.ts";
import { checkCrashed, checkEnded } from "../07_crash/check.ts";
import { makeWorld } from "../world.ts";

const ALICE = "alice@one.test";
const FRED = "fred@one.test";
const SCRIPT = `require ["fileinto", "mailbox", "copy", "vacation"];
fileinto :create "Filed";
redirect :copy "dave@away.test";
vacation :days 7 "I am on the sea.";
`;
/** Longer than what is kept in memory, so that each step takes a while and the kill meets it. */
const TEXT = `${"A line of a long letter.\r\n".repeat(20_000)}End.`;

/** What a letter causes, in this order, as the log tells of it. */
const STEPS: readonly { readonly name: string; readonly isIt: (line: LogLine) => boolean }[] = [
  { name: "judged", isIt: ({ event }) => event === "message-filtered" },
  { name: "redirected", isIt: (line) => isAccepted(line, "redirect") && isTo(line, "dave@away.test") },
  { name: "forwarded", isIt: (line) => isAccepted(line, "redirect") && isTo(line, "gina@away.test") },
  { name: "stored", isIt: (line) => isAccepted(line, "smtp") },
  { name: "answered", isIt: (line) => isAccepted(line, "report") },
];
/** The machine may be busy, and a kill late. */
const MOST_ROUNDS = 6;
/** At random, so many milliseconds after several clients have begun; each of them sends until the kill. */
const RANDOM_KILLS = [25, 120, 300];
const CLIENTS = 4;

function isAccepted({ event, origin }: LogLine, wanted: string): boolean {
  return event === "message-accepted" && origin === wanted;
}

function isTo({ remote }: LogLine, address: string): boolean {
  return Array.isArray(remote) && remote.includes(address);
}

interface Letter {
  readonly name: string;
  readonly message: string;
  tries: number;
  /** Of these tries, those that a kill ended. */
  killed: number;
  isAccepted: boolean;
}

const senderOf = (name: string) => `${name}@away.test`;

/** One try; true when the letter got its 250, false when the server went away. */
async function send(server: Mailden, letter: Letter): Promise<boolean> {
  letter.tries++;
  let code: number;
  try {
    await using smtp = await server.smtp();
    ({ code } = await smtp.send({ from: senderOf(letter.name), to: [ALICE, FRED], message: letter.message }));
  } catch {
    // The server is dead, or was just about to be.
    letter.killed++;
    return false;
  }
  assert.equal(code, 250);
  letter.isAccepted = true;
  return true;
}

class Letters {
  readonly all: Letter[] = [];

  add(): Letter {
    const name = `c${this.all.length}`;
    const message = sampleMessage({ from: senderOf(name), to: ALICE, subject: name, text: TEXT });
    const letter = { name, message, tries: 0, killed: 0, isAccepted: false };
    this.all.push(letter);
    return letter;
  }

  /** As a client that has a queue does. */
  async sendAgain(server: Mailden): Promise<void> {
    for (const letter of this.all) {
      if (!letter.isAccepted) assert.ok(await send(server, letter), `${letter.name} was not taken`);
    }
  }
}

/** Whether the kill came before the next step. The program is a new one each time, so its log knows of no other letter. */
async function killsAt(server: Mailden, letters: Letters, at: number): Promise<boolean> {
  const begin = server.log.length;
  const sent = send(server, letters.add());
  await server.waitForLog(STEPS[at]!.isIt);
  await server.kill();
  const next = STEPS[at + 1];
  const isHit = !await sent && !(next !== undefined && server.log.slice(begin).some(next.isIt));
  await checkCrashed(server);
  await server.serve();
  return isHit;
}

async function killAfter(server: Mailden, letters: Letters, ms: number): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (await send(server, letters.add()));
  });
  await new Promise((resolve) => setTimeout(resolve, ms));
  await server.kill();
  await Promise.all(clients);
  await checkCrashed(server);
  await server.serve();
}

/** How many copies there are of each letter, each under the id with which it left us. */
function copies(messages: readonly SunkMessage[], recipient: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { to, text } of messages) {
    if (!to.includes(recipient)) continue;
    const name = /^Subject: (\S+)\r$/m.exec(text)?.[1] ?? assert.fail(text.slice(0, 1000));
    const id = /^Received: by mx\.one\.test[^;]*\bid (\S+)/m.exec(text)?.[1] ??
      assert.fail(text.slice(0, 500));
    assert.ok(text.includes(`\r\n\r\n${TEXT}\r\n`), `${name} was changed on its way to ${recipient}`);
    found.set(name, (found.get(name) ?? new Set()).add(id));
  }
  return found;
}

async function filed(server: Mailden, account: string, mailbox: string): Promise<Map<string, number>> {
  await using imap = await server.imap(account);
  const exists = await imap.select(mailbox);
  const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  const subjects = untagged.flatMap((line) => /Subject: (\S+)/.exec(line)?.[1] ?? []);
  assert.equal(subjects.length, exists);
  return new Map([...Map.groupBy(subjects, (name) => name)].map(([name, all]) => [name, all.length]));
}

Deno.test("e2e: SIGKILL at any step of a letter that is filed, redirected, forwarded and answered loses nothing", async () => {
  await using world = await makeWorld();
  const host = world.address();
  await using sink = await SmtpSink.start({ host, port: world.smtpPort });
  world.dns.set("away.test", { A: [host] });
  await using server = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { [ALICE]: "a", [FRED]: null },
    config: {
      queue: { first_retry: "1s" },
      domains: { "one.test": { accounts: { fred: { forward: ["gina@away.test"] } } } },
    },
  });
  const put = await server.command(["sieve", "put", "main", "--account", ALICE, "--activate"], {
    stdin: SCRIPT,
  });
  assert.equal(put.code, 0, put.stderr);

  const letters = new Letters();
  // The answer is the last step, and the 250 may be out before the kill.
  for (const [at, { name }] of STEPS.slice(0, -1).entries()) {
    let rounds = 0;
    while (!await killsAt(server, letters, at)) {
      assert.ok(++rounds < MOST_ROUNDS, `No kill came at "${name}"`);
    }
  }
  await killsAt(server, letters, STEPS.length - 1);
  for (const ms of RANDOM_KILLS) await killAfter(server, letters, ms);
  // What was acknowledged is there without being sent again.
  const before = await filed(server, ALICE, "Filed");
  for (const { name, isAccepted } of letters.all) {
    assert.ok(!isAccepted || before.has(name), `${name} got its 250 and is not there`);
  }
  await letters.sendAgain(server);
  assert.ok(letters.all.filter(({ killed }) => killed > 0).length >= STEPS.length);

  const everybody = letters.all.map(({ name }) => name).sort();
  const all = (found: ReadonlyMap<string, unknown>) => [...found.keys()].sort();
  const reached = (recipient: string) => copies(sink.accepted, recipient);
  const isThere = (recipient: string) => everybody.every((name) => reached(recipient).has(name));
  await sink.waitUntil(() => isThere("dave@away.test") && isThere("gina@away.test"), "every copy");
  const inFolder = await filed(server, ALICE, "Filed");
  assert.deepEqual(all(inFolder), everybody);
  for (const { name, tries } of letters.all) {
    assert.ok(inFolder.get(name)! <= tries, `${name} was filed more often than it was sent`);
    for (const recipient of ["dave@away.test", "gina@away.test"]) {
      const left = reached(recipient).get(name)!.size;
      assert.ok(left <= tries, `${name} left for ${recipient} ${left} times after ${tries} tries`);
    }
  }
  const isAnswered = (name: string) =>
    sink.accepted.some(({ from, to }) => from === "" && to.join() === senderOf(name));
  await sink.waitUntil(() => everybody.every(isAnswered), "every answer");
  const answers = Map.groupBy(
    sink.accepted.filter(({ from }) => from === ""),
    (answer) => answer.to.join(),
  );
  for (const letter of letters.all) {
    // RFC 5230 section 4.2: an answer and its mark are one commit, and there before the 250, so each sender has one.
    const ids = new Set(
      (answers.get(senderOf(letter.name)) ?? []).map(({ text }) => /^Message-ID: (.*)$/mi.exec(text)![1]),
    );
    assert.equal(ids.size, 1, `${letter.name} was answered ${ids.size} times`);
  }
  assert.equal(await server.stop(), 0);
  checkEnded(server);
});
