//   clients --25--> Mailden on a tiny disk: 452 4.3.1 when it is full, and nothing that got its 250 is lost
import assert from "node:assert/strict";
import { join } from "node:path";
import { sampleMessage } from "../support/smtp_client.ts";
import { ALICE, PASSWORD, run, startForPeers } from "./peer.ts";

Deno.test("peer: a full disk says 452 4.3.1 and loses nothing", async () => {
  const disk = await Deno.makeTempDir({ prefix: "mailden-disk-" });
  await run("mount", ["-t", "tmpfs", "-o", "size=12m", "mailden-test", disk]);
  try {
    await using peers = await startForPeers({
      accounts: { [ALICE]: PASSWORD },
      config: { data: join(disk, "data") },
    });
    const { server } = peers;
    await using smtp = await server.smtp();
    // Text that does not compress, so that the disk fills as fast as the mail comes.
    const noise = Array.from(
      { length: 3000 },
      () => crypto.randomUUID() + crypto.randomUUID(),
    ).join("\r\n");
    let accepted = 0;
    let refused = null;
    for (let i = 0; i < 200 && refused === null; i++) {
      const message = sampleMessage({ subject: `number-${i}`, text: noise });
      const reply = await smtp.send({ from: "carol@foreign.test", to: ALICE, message });
      if (reply.code === 250) accepted++;
      else refused = `${reply.code} ${reply.enhanced}`;
    }
    assert.equal(refused, "452 4.3.1");
    assert.ok(accepted > 5, `only ${accepted} fitted`);
    const imap = await server.imap(ALICE);
    assert.equal(await imap.select(), accepted);
    assert.match(await imap.body(accepted), new RegExp(`number-${accepted - 1}\\b`));
    await imap.close();
    await server.kill();
    // With the disk still full the server must start, show the mail, and refuse more.
    await server.serve();
    const again = await server.imap(ALICE);
    assert.equal(await again.select(), accepted);
    await again.close();
    await run("mount", ["-o", "remount,size=64m", disk]);
    await using later = await server.smtp();
    const reply = await later.send({ from: "carol@foreign.test", to: ALICE, message: sampleMessage() });
    assert.equal(reply.code, 250, "after room was made nothing is taken");
  } finally {
    await run("umount", ["-l", disk]);
    await Deno.remove(disk);
  }
});
