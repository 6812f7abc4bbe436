/**
 * Log-ins by SCRAM-SHA-256 with clients that we did not write: mutt (GNU SASL) over SMTP, IMAP and POP3, and mbsync
 * (Cyrus SASL) over IMAP. Each is told to use no other mechanism.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Mailden } from "../support/mailden.ts";
import { ALICE, BOB, certificateOf, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

async function muttrc(server: Mailden, folder: string): Promise<string> {
  const certificate = await certificateOf(server, folder);
  return await writeFile(
    folder,
    "muttrc",
    `set from="${ALICE}"
set use_from=yes
set smtp_url="smtps://${encodeURIComponent(ALICE)}@127.0.0.1:${server.ports.submissions}/"
set smtp_pass="${PASSWORD}"
set smtp_authenticators="scram-sha-256"
set imap_user="${ALICE}"
set imap_pass="${PASSWORD}"
set imap_authenticators="scram-sha-256"
set pop_user="${ALICE}"
set pop_pass="${PASSWORD}"
set pop_authenticators="scram-sha-256"
set certificate_file="${certificate}"
set ssl_verify_host=no
set folder="${folder}"
set copy=no
set confirmappend=no
set confirmcreate=no
set delete=no
set pop_delete=no
set wait_key=no
set header_cache=""
set tmpdir="${folder}"
`,
  );
}

/** How many log-ins the server counted for a protocol: each by SCRAM, since nothing else was tried. */
async function logIns(server: Mailden, protocol: string): Promise<number> {
  const lines = (await server.metrics()).split("\n").filter((line) =>
    line.startsWith("mailden_auth_total") && line.includes(`"${protocol}"`) && line.includes('"ok"')
  );
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

Deno.test("peer: mutt logs in by SCRAM-SHA-256 over SMTP, IMAP and POP3", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, ["for-scram"]);
  const rc = await muttrc(server, folder);
  const env = { HOME: folder, TERM: "xterm" };
  await run("mutt", ["-F", rc, "-s", "From mutt", "--", BOB], { env, stdin: "Hello Bob\n" });
  assert.equal(await logIns(server, "smtp"), 1);
  const boxes = {
    imap: `imaps://127.0.0.1:${server.ports.imaps}/INBOX`,
    pop3: `pops://127.0.0.1:${server.ports.pop3s}/`,
  };
  for (const [protocol, box] of Object.entries(boxes)) {
    const saved = join(folder, `saved-${protocol}.mbox`);
    const keys = `<copy-message><kill-line>${saved}<enter><exit>`;
    const reading = await writeFile(
      folder,
      `read-${protocol}`,
      `source ${rc}\nfolder-hook . 'push ${keys}'\n`,
    );
    await run("script", ["-qec", `mutt -F ${reading} -f ${box}`, "/dev/null"], {
      env,
      holdStdin: true,
      timeoutMs: 30_000,
    });
    assert.match(await Deno.readTextFile(saved), /Subject: for-scram\n[^]*Text of for-scram\./);
    assert.ok(await logIns(server, protocol) >= 1, protocol);
  }
  await using bob = await server.imap(BOB);
  assert.equal(await bob.select(), 1);
});

Deno.test("peer: mbsync logs in by SCRAM-SHA-256 (Cyrus SASL), and not with a wrong password", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, ["one", "two"]);
  const certificate = await certificateOf(server, folder);
  await Deno.mkdir(join(folder, "mail"));
  const sync = async (password: string, code: number | null) => {
    const rc = await writeFile(
      folder,
      "mbsyncrc",
      `IMAPStore far
Host 127.0.0.1
Port ${server.ports.imaps}
User ${ALICE}
Pass "${password}"
SSLType IMAPS
AuthMechs SCRAM-SHA-256
CertificateFile ${certificate}

MaildirStore near
Path ${folder}/mail/
Inbox ${folder}/mail/INBOX

Channel all
Far :far:
Near :near:
Create Near
SyncState *
`,
    );
    return await run("mbsync", ["-c", rc, "-a"], { code });
  };
  // The wrong password comes last: a sync that failed leaves mbsync's own state half made.
  await sync(PASSWORD, 0);
  const names = [...Deno.readDirSync(join(folder, "mail", "INBOX", "new"))];
  assert.equal(names.length, 2);
  assert.notEqual((await sync("wrong", null)).code, 0);
});
