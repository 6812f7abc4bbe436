//   16 clients --25--> Mailden, killed with SIGKILL in the middle, started again
//   every message that got its 250 is there, once; no UID stands twice (DESIGN.md section 3)
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld } from "../world.ts";

const CLIENTS = 16;
const KILL_AFTER = [60, 150, 240];

/** Sends until the server goes away; the subjects that got a 250, and those of which nothing is known. */
async function sendUntilDeath(server: Mailden, name: string, onAccepted: () => void) {
  const accepted: string[] = [];
  let unknown: string | null = null;
  try {
    const smtp = await server.smtp();
    for (let i = 0;; i++) {
      const subject = `${name}-${i}`;
      unknown = subject;
      const reply = await smtp.send({
        from: "carol@foreign.test",
        to: ["alice@example.test", "bob@example.test"],
        message: sampleMessage({ subject, text: "x".repeat(500 + 37 * i) }),
      });
      assert.equal(reply.code, 250);
      accepted.push(subject);
      unknown = null;
      onAccepted();
    }
  } catch {
    // The server is dead: that is how this ends.
  }
  return { accepted, unknown };
}

Deno.test("e2e: SIGKILL under load loses nothing that got its 250, and doubles nothing", async () => {
  await using server = await Mailden.start({
    accounts: { "alice@example.test": "a", "bob@example.test": "b" },
  });
  const accepted = new Set<string>();
  const unknown = new Set<string>();
  for (const [round, limit] of KILL_AFTER.entries()) {
    let count = 0;
    let full = () => {};
    const enough = new Promise<void>((resolve) => full = resolve);
    const clients = Array.from({ length: CLIENTS }, (_, i) =>
      sendUntilDeath(server, `m${round}-${i}`, () => {
        if (++count >= limit) full();
      }));
    await enough;
    await server.kill();
    for (const result of await Promise.all(clients)) {
      for (const subject of result.accepted) accepted.add(subject);
      if (result.unknown !== null) unknown.add(result.unknown);
    }
    await server.serve();
  }
  assert.ok(accepted.size >= 450, `only ${accepted.size} messages were accepted`);

  for (const account of ["alice@example.test", "bob@example.test"]) {
    await using imap = await server.imap(account);
    const exists = await imap.select();
    const { untagged } = await imap.ok("FETCH 1:* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
    const uids: number[] = [];
    const found = new Map<string, number>();
    for (const line of untagged) {
      const uid = /\bUID (\d+)/.exec(line)?.[1];
      const subject = /Subject: (\S+)/.exec(line)?.[1];
      if (uid === undefined || subject === undefined) continue;
      uids.push(Number(uid));
      found.set(subject, (found.get(subject) ?? 0) + 1);
    }
    assert.equal(uids.length, exists);
    assert.equal(new Set(uids).size, uids.length, "a UID stands twice");
    assert.deepEqual(uids, [...uids].sort((a, b) => a - b));
    for (const subject of accepted) assert.equal(found.get(subject), 1, `${account}: ${subject}`);
    for (const subject of found.keys()) {
      assert.ok(accepted.has(subject) || unknown.has(subject), `${account}: nobody sent ${subject}`);
      assert.equal(found.get(subject), 1);
    }
  }
});

Deno.test("e2e: SIGKILL while sending on: queued stays queued, and arrives", async () => {
  await using world = await makeWorld();
  const host = world.address();
  let wasKilled = false;
  await using sink = await SmtpSink.start({
    host,
    port: world.smtpPort,
    // The first connections hang at the final dot, so that the kill comes before the remote 250.
    behaviour: () => wasKilled ? {} : { hang: "final" },
  });
  world.dns.set("away.test", { A: [host] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: { queue: { first_retry: "1s" } },
  });
  await using submission = await one.submission("alice@one.test");
  const sent: string[] = [];
  for (let i = 0; i < 30; i++) {
    const to = `u${i}@away.test`;
    const message = sampleMessage({ from: "alice@one.test", to });
    assert.equal((await submission.send({ from: "alice@one.test", to, message })).code, 250);
    sent.push(to);
  }
  await sink.waitUntil(() => sink.messages.length > 0, "a message");
  await one.kill();
  wasKilled = true;
  await one.serve();
  await sink.waitUntil(
    () => sent.every((to) => sink.accepted.some((message) => message.to.includes(to))),
    "all messages",
  );
});
