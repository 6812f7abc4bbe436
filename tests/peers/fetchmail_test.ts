import assert from "node:assert/strict";
import { join } from "node:path";
import { ALICE, BOB, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

async function fetchAll(options: { protocol: string; port: number; user: string; folder: string }) {
  const { protocol, port, user, folder } = options;
  const box = join(folder, `${protocol}.mbox`);
  const rc = await writeFile(
    folder,
    `fetchmailrc-${protocol}`,
    `poll 127.0.0.1 service ${port} protocol ${protocol}
  user "${user}" password "${PASSWORD}" ssl sslproto "TLS1.2+" no sslcertck
  fetchall no rewrite mda "/bin/cat >> ${box}"
`,
  );
  const env = { HOME: folder, FETCHMAILHOME: folder };
  await run("fetchmail", ["-f", rc, "--pidfile", join(folder, "pid"), "-N", "-v"], { env });
  // Nothing left: fetchmail's exit code 1.
  await run("fetchmail", ["-f", rc, "--pidfile", join(folder, "pid"), "-N"], { env, code: 1 });
  return await Deno.readTextFile(box);
}

Deno.test("peer: fetchmail empties a mailbox by POP3 and by IMAP", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const subjects = Array.from({ length: 20 }, (_, i) => `letter-${i}`);
  await deliver(server, ALICE, subjects);
  await deliver(server, BOB, subjects);
  const byPop3 = await fetchAll({ protocol: "pop3", port: server.ports.pop3s, user: ALICE, folder });
  const byImap = await fetchAll({ protocol: "imap", port: server.ports.imaps, user: BOB, folder });
  for (const subject of subjects) {
    for (const box of [byPop3, byImap]) assert.ok(box.includes(`Text of ${subject}.`), subject);
  }
  for (const account of [ALICE, BOB]) {
    await using imap = await server.imap(account);
    assert.equal(await imap.select(), 0, account);
  }
});
