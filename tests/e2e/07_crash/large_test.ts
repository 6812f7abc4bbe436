//   6 clients --25--> Mailden: messages of 5 MB, killed with SIGKILL while they come in chunk by chunk, started again
//   what got its 250 is there, whole, once; of the others nothing is left, not even their chunks
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { checkCrashed, checkEnded, untilSwept } from "./check.ts";

const ACCOUNT = "alice@example.test";
const CLIENTS = 6;
const SIZE = 5_000_000;
/** The server is killed after so many 250s, with the other clients in the middle of their messages. */
const KILL_AFTER = [2, 5];

/** Lines that differ, so that a chunk at a wrong place or of another message would be seen; much of it does not compress. */
function largeMessage(subject: string): string {
  const lines = [`Subject: ${subject}`, ""];
  let length = 0;
  for (let i = 0; length < SIZE; i++) {
    const line = `${subject} ${i} ${Math.imul(i + subject.length, 2654435761) >>> 0}`.padEnd(76, "=+-~");
    lines.push(line);
    length += line.length + 2;
  }
  return `${lines.join("\r\n")}\r\n`;
}

async function sendUntilDeath(server: Mailden, name: string, accepted: Set<string>, onAccepted: () => void) {
  try {
    const smtp = await server.smtp();
    for (let i = 0;; i++) {
      const subject = `${name}-${i}`;
      const reply = await smtp.send({ from: "c@foreign.test", to: ACCOUNT, message: largeMessage(subject) });
      assert.equal(reply.code, 250);
      accepted.add(subject);
      onAccepted();
    }
  } catch {
    // The server is dead: that is how this ends.
  }
}

Deno.test("e2e: SIGKILL while large messages come in leaves whole messages and no litter", async () => {
  await using server = await Mailden.start({ accounts: { [ACCOUNT]: "a" } });
  const accepted = new Set<string>();
  for (const [round, limit] of KILL_AFTER.entries()) {
    let count = 0;
    const enough = Promise.withResolvers<void>();
    const clients = Array.from(
      { length: CLIENTS },
      (_, i) =>
        sendUntilDeath(server, `r${round}c${i}`, accepted, () => {
          if (++count >= limit) enough.resolve();
        }),
    );
    await enough.promise;
    await server.kill();
    await Promise.all(clients);
    await checkCrashed(server);
    await server.serve();
  }
  await untilSwept(server);
  await using imap = await server.imap(ACCOUNT);
  const exists = await imap.select();
  const found = new Set<string>();
  for (let sequence = 1; sequence <= exists; sequence++) {
    const body = await imap.body(sequence);
    const subject = /^Subject: (\S+)\r$/m.exec(body)![1]!;
    assert.ok(!found.has(subject), `${subject} is there twice`);
    found.add(subject);
    assert.ok(body.endsWith(largeMessage(subject)), `${subject} is not what was sent`);
  }
  assert.deepEqual([...accepted].filter((subject) => !found.has(subject)), []);
  assert.ok(accepted.size >= KILL_AFTER.length * 2);
  await imap.logout();
  assert.equal(await server.stop(), 0);
  checkEnded(server, { swept: true });
});
