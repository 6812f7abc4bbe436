import assert from "node:assert/strict";
import { join } from "node:path";
import { ALICE, BOB, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

Deno.test("peer: mutt sends over submissions and reads over IMAPS", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, ["for-mutt"]);
  const { stdout } = await run("openssl", [
    "s_client",
    "-connect",
    `127.0.0.1:${server.ports.imaps}`,
    "-showcerts",
  ]);
  const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)?.[0];
  const certificate = await writeFile(folder, "certs.pem", `${pem}\n`);
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
