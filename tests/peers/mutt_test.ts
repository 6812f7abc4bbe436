import assert from "node:assert/strict";
import { join } from "node:path";
import { ALICE, BOB, certificateOf, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

Deno.test("peer: mutt sends over submissions and reads over IMAPS", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, ["for-mutt"]);
  const certificate = await certificateOf(server, folder);
  const rc = await writeFile(
    folder,
    "muttrc",
    `set from="${ALICE}"
set realname="Alice"
set use_from=yes
set smtp_url="smtps://${encodeURIComponent(ALICE)}@127.0.0.1:${server.ports.submissions}/"
set smtp_pass="${PASSWORD}"
set imap_user="${ALICE}"
set imap_pass="${PASSWORD}"
set certificate_file="${certificate}"
set ssl_verify_host=no
set folder="${folder}"
set copy=no
set confirmappend=no
set confirmcreate=no
set delete=no
set wait_key=no
set header_cache=""
set tmpdir="${folder}"
`,
  );
  const env = { HOME: folder, TERM: "xterm" };
  await run("mutt", ["-F", rc, "-s", "From mutt", "--", BOB], { env, stdin: "Hello Bob\n" });
  await using bob = await server.imap(BOB);
  assert.equal(await bob.select(), 1);
  assert.match(await bob.body(1), /Subject: From mutt\r\n[^]*Hello Bob\r\n/);

  // mutt reads only at a terminal, which script(1) lends it.
  const saved = join(folder, "saved.mbox");
  const keys = `<copy-message><kill-line>${saved}<enter><exit>`;
  const reading = await writeFile(folder, "muttrc-read", `source ${rc}\nfolder-hook . 'push ${keys}'\n`);
  const read = `mutt -F ${reading} -f imaps://127.0.0.1:${server.ports.imaps}/INBOX`;
  await run("script", ["-qec", read, "/dev/null"], { env, holdStdin: true, timeoutMs: 30_000 });
  assert.match(await Deno.readTextFile(saved), /Subject: for-mutt\n[^]*Text of for-mutt\./);
});

Deno.test("peer: mutt with a header cache comes back by QRESYNC", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const letters = Array.from({ length: 40 }, (_, i) => `letter-${i + 1}`);
  await deliver(server, ALICE, letters);
  const certificate = await certificateOf(server, folder);
  const cache = join(folder, "cache");
  await Deno.mkdir(cache);
  const rc = await writeFile(
    folder,
    "muttrc",
    `set imap_user="${ALICE}"
set imap_pass="${PASSWORD}"
set imap_qresync=yes
set imap_condstore=yes
set header_cache="${cache}"
set certificate_file="${certificate}"
set ssl_verify_host=no
set folder="${folder}"
set confirmappend=no
set confirmcreate=no
set delete=no
set wait_key=no
set sort=mailbox-order
set tmpdir="${folder}"
`,
  );
  const env = { HOME: folder, TERM: "xterm" };
  /** Opens INBOX and copies all that it shows; the subjects, and what mutt and the server said. */
  const open = async (name: string) => {
    const saved = join(folder, `${name}.mbox`);
    const keys = `<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>${saved}<enter><exit>`;
    const hooked = await writeFile(folder, `muttrc-${name}`, `source ${rc}\nfolder-hook . 'push ${keys}'\n`);
    const box = `imaps://127.0.0.1:${server.ports.imaps}/INBOX`;
    await run("script", ["-qec", `mutt -F ${hooked} -d 3 -f ${box}`, "/dev/null"], {
      env,
      holdStdin: true,
      timeoutMs: 30_000,
    });
    const text = await Deno.readTextFile(saved);
    const subjects = Array.from(text.matchAll(/^Subject: (.*)$/gm), ([, subject]) => subject);
    const flags = Array.from(text.matchAll(/^(?:X-)?Status: (.*)$/gm), ([, letters]) => letters).join("");
    return { subjects, flags, dialogue: await Deno.readTextFile(join(folder, ".muttdebug0")) };
  };
  const first = await open("first");
  assert.deepEqual(first.subjects, letters);
  assert.match(first.dialogue, /ENABLE QRESYNC/);

  {
    await using imap = await server.imap(ALICE);
    await imap.select();
    await imap.ok("STORE 1 +FLAGS (\\Flagged)");
    await imap.ok("STORE 10:12 +FLAGS.SILENT (\\Deleted)");
    await imap.ok("EXPUNGE");
  }
  await deliver(server, ALICE, ["letter-41"]);
  const second = await open("second");
  assert.deepEqual(second.subjects, [...letters.slice(0, 9), ...letters.slice(12), "letter-41"]);
  assert.match(second.flags, /F/);
  assert.match(second.dialogue, /UID FETCH 1:40 \(FLAGS\) \(CHANGEDSINCE \d+ VANISHED\)/);
  assert.match(second.dialogue, /VANISHED \(EARLIER\) 10:12/);
  const headers = second.dialogue.match(/> \S+ FETCH \S+ \([^)]*BODY\.PEEK\[HEADER\.FIELDS/g) ?? [];
  assert.equal(headers.length, 1, headers.join("\n"));
  assert.match(headers[0]!, / FETCH 38 /, "more than the new header was fetched");
});

Deno.test("peer: s-nail sends and reads", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const user = encodeURIComponent(ALICE);
  const password = encodeURIComponent(PASSWORD);
  const common = ["-:/", "-S", "v15-compat=yes", "-S", "tls-verify=ignore", "-S", `from=${ALICE}`];
  const env = { HOME: folder };
  await run("s-nail", [
    ...common,
    "-S",
    `mta=smtps://${user}:${password}@127.0.0.1:${server.ports.submissions}`,
    "-S",
    "smtp-auth=plain",
    "-s",
    "From s-nail",
    BOB,
  ], { env, stdin: "Hello from s-nail\n" });
  await using bob = await server.imap(BOB);
  assert.equal(await bob.select(), 1);
  assert.match(await bob.body(1), /Hello from s-nail/);

  await deliver(server, ALICE, ["for-s-nail"]);
  const box = `imaps://${user}:${password}@127.0.0.1:${server.ports.imaps}/INBOX`;
  const { stdout } = await run("s-nail", [...common, "-f", box], { env, stdin: "type 1\nxit\n" });
  assert.match(stdout, /Text of for-s-nail\./);
});
