//   alice --143--> Mailden <--143-- bob
//      SETACL Team bob      Shared/alice@example.test/Team
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { sampleMessage } from "../../support/smtp_client.ts";

const alice = "alice@example.test";
const bob = "bob@example.test";
const TEAM = `Shared/${alice}/Team`;

Deno.test("e2e: a folder is shared, used, counted for its owner, and taken back, also after a restart", async () => {
  await using server = await Mailden.start({
    accounts: { [alice]: "correct horse", [bob]: "battery" },
    config: { domains: { "example.test": { accounts: { alice: { quota: "1MiB", quota_messages: 2 } } } } },
  });
  const message = sampleMessage({ subject: "Plan", text: "Soon.\r\n" });
  {
    await using owner = await server.imap(alice);
    await owner.ok("CREATE Team");
    await owner.ok(`SETACL Team ${bob} lrswi`);
    await owner.ok('SETMETADATA Team (/shared/comment "For all of us")');
    await using guest = await server.imap(bob);
    await guest.append(TEAM, message);
    await guest.append(TEAM, message);
    const full = await guest.expect("NO", `APPEND ${TEAM} {1+}\r\nX`);
    assert.match(full.text, /^\[OVERQUOTA\]/);
    const { untagged } = await guest.ok(`GETQUOTAROOT ${TEAM}`);
    assert.match(untagged.join("\n"), new RegExp(`QUOTA ${alice} \\(STORAGE 1 1024 MESSAGE 2 2 MAILBOX 7 `));
    // Mail that comes in counts as well.
    await using smtp = await server.smtp();
    await smtp.expect("MAIL FROM:<carol@foreign.test>", 250);
    await smtp.expect(`RCPT TO:<${alice}>`, 452);
  }
  await server.stop();
  await server.serve();

  await using owner = await server.imap(alice);
  await using guest = await server.imap(bob);
  assert.equal(await guest.select(TEAM), 2);
  const { untagged } = await guest.ok(`GETMETADATA ${TEAM} /shared/comment`);
  assert.match(untagged.join("\n"), /"For all of us"/);
  // What one of them sees, the other does.
  await owner.select("Team");
  await guest.ok("STORE 1 +FLAGS (\\Flagged)");
  assert.match((await owner.ok("NOOP")).untagged.join("\n"), /1 FETCH \(.*\\Flagged/);
  await owner.ok(`SETACL Team ${bob} -w`);
  await guest.expect("NO", "STORE 1 -FLAGS (\\Flagged)");
  await owner.ok(`DELETEACL Team ${bob}`);
  await using later = await server.imap(bob);
  await later.expect("NO", `SELECT ${TEAM}`);
  const listed = await later.ok('LIST "" "Shared*"');
  assert.deepEqual(listed.untagged, []);
});
