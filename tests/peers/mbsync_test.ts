import assert from "node:assert/strict";
import { join } from "node:path";
import { ALICE, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

async function count(folder: string): Promise<number> {
  let files = 0;
  for (const part of ["cur", "new"]) {
    for await (const entry of Deno.readDir(join(folder, part))) files += entry.isFile ? 1 : 0;
  }
  return files;
}

Deno.test("peer: mbsync syncs both ways, flags and deletions too", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, Array.from({ length: 100 }, (_, i) => `letter-${i}`));
  const certificate = await certificateOf(server.ports.imaps, folder);
  const rc = await writeFile(
    folder,
    "mbsyncrc",
    `IMAPAccount mailden
Host 127.0.0.1
Port ${server.ports.imaps}
User ${ALICE}
Pass "${PASSWORD}"
SSLType IMAPS
CertificateFile ${certificate}

IMAPStore far
Account mailden

MaildirStore near
Path ${folder}/mail/
Inbox ${folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
`,
  );
  await Deno.mkdir(join(folder, "mail"));
  const sync = () => run("mbsync", ["-c", rc, "-a", "-V"]);
  await sync();
  const inbox = join(folder, "mail", "INBOX");
  assert.equal(await count(inbox), 100);

  // There: one seen, one gone, a new folder. Here: a new letter, one gone.
  await using imap = await server.imap(ALICE);
  await imap.select();
  await imap.ok("STORE 1 +FLAGS (\\Seen \\Flagged)");
  await imap.ok("STORE 2 +FLAGS (\\Deleted)");
  await imap.ok("EXPUNGE");
  await imap.ok('CREATE "Projects/Mailden"');
  await imap.append("Projects/Mailden", "Subject: there\r\n\r\nThere.\r\n");
  await Deno.writeTextFile(join(inbox, "new", "1.here.test"), "Subject: here\n\nHere.\n");
  await sync();
  assert.equal(await count(inbox), 100);
  assert.equal(await imap.select(), 100);
  const { untagged } = await imap.ok("SEARCH SUBJECT here");
  assert.match(untagged.join(), /SEARCH \d+/);
  assert.equal(await count(join(folder, "mail", "Projects", "Mailden")), 1);
  const names = Array.from(Deno.readDirSync(join(inbox, "cur")), ({ name }) => name);
  assert.ok(names.some((name) => /:2,FS$/.test(name)), `no flags arrived: ${names.slice(0, 3)}`);
  const { stdout, stderr } = await sync();
  assert.doesNotMatch(stdout + stderr, /[Ee]rror|warning/i);
});

async function certificateOf(port: number, folder: string): Promise<string> {
  const { stdout } = await run("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-showcerts"]);
  const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)?.[0];
  assert.ok(pem !== undefined, stdout);
  return await writeFile(folder, "server.pem", `${pem}\n`);
}
