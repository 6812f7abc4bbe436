//   4 clients --25--> Mailden, killed and started again ten times in a row as fast as it gets ready
//   each time while it takes mail and sends some on; at the end nothing is lost and nothing is doubled
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { sampleMessage, SmtpClient } from "../../support/smtp_client.ts";
import { checkCrashed, checkEnded } from "./check.ts";

const ACCOUNT = "alice@example.test";
const ROUNDS = 10;
const CLIENTS = 4;

Deno.test("e2e: ten kills in a row, as fast as it starts: nothing lost, nothing doubled", async () => {
  await using server = await Mailden.start({ accounts: { [ACCOUNT]: "a" } });
  const accepted = new Set<string>();
  const validities = new Set<string>();
  const uidNexts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const first = Promise.withResolvers<void>();
    const clients = Array.from({ length: CLIENTS }, async (_, i) => {
      try {
        const smtp = await SmtpClient.connect({ host: server.host, port: server.ports.smtp });
        await smtp.ehlo();
        for (let n = 0;; n++) {
          const subject = `r${round}c${i}n${n}`;
          const reply = await smtp.send({
            from: "c@foreign.test",
            to: ACCOUNT,
            message: sampleMessage({ subject }),
          });
          assert.equal(reply.code, 250);
          accepted.add(subject);
          first.resolve();
        }
      } catch {
        // The server is dead: that is how this ends.
      }
    });
    await first.promise;
    await server.kill();
    await Promise.all(clients);
    await checkCrashed(server);
    await server.serve();
    await using imap = await server.imap(ACCOUNT);
    const { untagged } = await imap.ok("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)");
    const [, messages, uidNext, validity] =
      /MESSAGES (\d+) UIDNEXT (\d+) UIDVALIDITY (\d+)/.exec(untagged.join("\n")) ??
        assert.fail(untagged.join("\n"));
    validities.add(validity!);
    assert.ok(Number(messages) >= accepted.size);
    uidNexts.push(Number(uidNext));
  }
  assert.equal(validities.size, 1);
  assert.deepEqual(uidNexts, uidNexts.toSorted((a, b) => a - b));
  await using imap = await server.imap(ACCOUNT);
  const exists = await imap.select();
  const found = new Map<string, number>();
  for (const line of (await imap.ok("FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")).untagged) {
    const subject = /Subject: (\S+)/.exec(line)?.[1];
    if (subject !== undefined) found.set(subject, (found.get(subject) ?? 0) + 1);
  }
  assert.equal(found.size, exists);
  for (const [subject, count] of found) assert.equal(count, 1, `${subject} is there ${count} times`);
  assert.deepEqual([...accepted].filter((subject) => !found.has(subject)), []);
  await imap.logout();
  assert.equal(await server.stop(), 0);
  checkEnded(server);
});
