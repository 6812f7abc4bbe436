import assert from "node:assert/strict";
import { join } from "node:path";
import { ALICE, certificateOf, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

Deno.test("peer: offlineimap syncs both ways: new mail, flags, deletions, folders", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const letters = Array.from({ length: 200 }, (_, i) => `letter-${i + 1}`);
  await deliver(server, ALICE, letters);
  const fingerprint = await fingerprintOf(await Deno.readTextFile(await certificateOf(server, folder)));
  const rc = await writeFile(
    folder,
    "offlineimaprc",
    `[general]
accounts = mailden
metadata = ${folder}/state
ui = quiet
[Account mailden]
localrepository = near
remoterepository = far
utf8foldernames = yes
[Repository near]
type = Maildir
localfolders = ${folder}/mail
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = ${server.ports.imaps}
remoteuser = ${ALICE}
remotepass = ${PASSWORD}
cert_fingerprint = ${fingerprint}
usecompression = yes
`,
  );
  const sync = () => run("offlineimap", ["-o", "-c", rc], { env: { HOME: folder }, timeoutMs: 120_000 });
  await sync();
  const inbox = join(folder, "mail", "INBOX");
  assert.deepEqual(subjects(inbox), letters.toSorted());

  await using imap = await server.imap(ALICE);
  await imap.select();
  await imap.ok("STORE 1 +FLAGS (\\Flagged)");
  await imap.ok("STORE 2:3 +FLAGS.SILENT (\\Deleted)");
  await imap.ok("EXPUNGE");
  await imap.ok("CREATE &AMQ-rger");
  await imap.append("&AMQ-rger", "Subject: there\r\n\r\nThere.\r\n");
  await Deno.writeTextFile(join(inbox, "new", "1.here.test"), "Subject: here\n\nHere.\n");
  const tenth = files(inbox).find((path) => subjectOf(path) === "letter-10")!;
  await Deno.remove(tenth);
  await sync();
  const left = [...letters.filter((_, i) => ![1, 2, 9].includes(i)), "here"].sort();
  assert.deepEqual(subjects(inbox), left);
  assert.equal(await imap.select(), left.length);
  assert.match((await imap.ok("SEARCH SUBJECT here")).untagged.join(), /SEARCH \d+/);
  assert.deepEqual(subjects(join(folder, "mail", "Ärger")), ["there"]);
  const first = files(inbox).find((path) => subjectOf(path) === "letter-1")!;
  assert.match(first, /2,F/);
});

/** As offlineimap wants it in place of a trusted authority: SHA-512 of the certificate, in hexadecimal digits. */
async function fingerprintOf(pem: string): Promise<string> {
  const base64 = pem.replace(/-----[^-]*-----/g, "").replace(/\s/g, "");
  const der = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Uint8Array(await crypto.subtle.digest("SHA-512", der)).toHex();
}

function files(maildir: string): string[] {
  return ["cur", "new"].flatMap((part) =>
    Array.from(Deno.readDirSync(join(maildir, part)), ({ name }) => join(maildir, part, name))
  );
}

function subjectOf(path: string): string {
  return /^Subject: (.*?)\r?$/m.exec(Deno.readTextFileSync(path))?.[1] ?? "";
}

function subjects(maildir: string): string[] {
  return files(maildir).map(subjectOf).sort();
}
