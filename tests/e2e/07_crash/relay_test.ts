//   8 clients --587--> Mailden --> a host that takes its time; killed with SIGKILL three times in the middle, started again
//   every message that got its 250 arrives; twice only what was on its way at a kill; the queue is empty at the end
import assert from "node:assert/strict";
import type { Mailden } from "../../support/mailden.ts";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink, type SunkMessage } from "../../support/smtp_sink.ts";
import { makeWorld } from "../world.ts";
import { checkCrashed, checkEnded } from "./check.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

const ALICE = "alice@one.test";
const CLIENTS = 8;
/** The server is killed after so many 250s of a round. */
const KILL_AFTER = [80, 160, 160];
/** And when the host has got so many in the same time, so that the kill meets both directions. */
const RELAYED_BEFORE_KILL = 20;
const CONNECTIONS = 10;
const ANSWER_MS = 15;

async function sendUntilDeath(
  server: Mailden,
  { name, onAccepted }: { readonly name: string; readonly onAccepted: (subject: string) => void },
): Promise<void> {
  try {
    const smtp = await server.submission(ALICE);
    for (let i = 0;; i++) {
      const subject = `${name}-${i}`;
      const message = sampleMessage({ from: ALICE, subject, text: "x".repeat(500 + 37 * i) });
      const to = `${name}@away.test`;
      assert.equal((await smtp.send({ from: ALICE, to, message })).code, 250);
      onAccepted(subject);
    }
  } catch {
    // The server is dead: that is how this ends.
  }
}

/** Sends until enough was accepted on both sides, and kills; the subjects that got their 250. */
async function round(server: Mailden, sink: SmtpSink, number: number): Promise<string[]> {
  const accepted: string[] = [];
  const enough = Promise.withResolvers<void>();
  const relayedBefore = sink.accepted.length;
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    sendUntilDeath(server, {
      name: `r${number}c${i}`,
      onAccepted(subject) {
        accepted.push(subject);
        if (accepted.length >= KILL_AFTER[number]!) enough.resolve();
      },
    }));
  // A client that fails for another reason than the kill must not leave us waiting.
  await Promise.race([enough.promise, Promise.all(clients)]);
  await sink.waitUntil(
    () => sink.accepted.length >= relayedBefore + RELAYED_BEFORE_KILL,
    "some that are sent on",
  );
  await server.kill();
  await Promise.all(clients);
  assert.ok(accepted.length >= KILL_AFTER[number]!, "the clients gave up before the kill");
  return accepted;
}

function subjectOf({ text }: SunkMessage): string {
  return /^Subject: (\S+)\r$/m.exec(text)?.[1] ?? assert.fail(text);
}

async function untilQueueIsEmpty(server: Mailden): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { stdout } = await server.command(["queue", "list", "--json"]);
    if (stdout.trim() === "") return;
    assert.ok(Date.now() < until, `The queue still has:\n${stdout}`);
  }
}

Deno.test("e2e: SIGKILL under relay load: all that got its 250 arrives, twice only what was on its way", async () => {
  await using world = await makeWorld();
  const host = world.address();
  await using sink = await SmtpSink.start({ host, port: world.smtpPort, behaviour: { delayMs: ANSWER_MS } });
  world.dns.set("away.test", { A: [host] });
  await using server = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { [ALICE]: "a" },
    config: {
      queue: {
        first_retry: "1s",
        concurrency_per_destination: CONNECTIONS,
        max_concurrency_per_destination: CONNECTIONS,
      },
      submission: { recipients_per_day: null, new_recipients_per_day: null },
    },
  });
  const accepted: string[] = [];
  const leftAtKill: number[] = [];
  for (const number of KILL_AFTER.keys()) {
    accepted.push(...await round(server, sink, number));
    leftAtKill.push(accepted.length - new Set(sink.accepted.map(subjectOf)).size);
    await checkCrashed(server);
    await server.serve();
  }
  assert.ok(leftAtKill.every((left) => left > 0), `nothing waited at a kill: ${leftAtKill}`);
  await untilQueueIsEmpty(server);

  const copies = Map.groupBy(sink.accepted, subjectOf);
  assert.deepEqual(accepted.filter((subject) => !copies.has(subject)), []);
  // What a connection carried before its last message was settled when the kill came.
  const lastOf = new Map(sink.accepted.map((message) => [message.connection, message]));
  const doubled = [...copies].filter(([, found]) => found.length > 1);
  for (const [subject, found] of doubled) {
    for (const copy of found.slice(0, -1)) {
      assert.equal(lastOf.get(copy.connection), copy, `${subject} came twice, and was not on its way`);
    }
  }
  const most = CONNECTIONS * KILL_AFTER.length;
  assert.ok(doubled.length <= most, `${doubled.length} came twice, on ${most} connections`);
  for (const { text } of sink.accepted) assert.ok(text.endsWith("x\r\n"), "a message was cut short");
  assert.equal(await server.stop(), 0);
  checkEnded(server);
});
