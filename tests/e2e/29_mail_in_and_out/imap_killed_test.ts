//   another server (a second Mailden) <--TLS-- a relay that stops everything at one place <--TLS-- mailden import imap, killed there
//   begun again and again; at the end the same messages are on both sides, with their flags and dates, and each as often
import assert from "node:assert/strict";
import { join } from "node:path";
import { makeCertificate } from "../../support/certificate.ts";
import type { Mailden } from "../../support/mailden.ts";
import { permissionFlags } from "../../support/permissions.ts";
import { Program } from "../../support/program.ts";
import { PROVIDER, REMOTE_PASSWORD, REMOTE_USER, startProvider } from "../../support/provider.ts";
import { type Cut, TlsRelay } from "../../support/tls_relay.ts";

const ALICE = "alice@example.test";
const ROOT = join(import.meta.dirname!, "../../..");
const FOLDERS = ["INBOX", "Sent", "Work/Old"];
const MESSAGES = 70;

const FLAGS = ["", "\\Seen", "\\Seen \\Answered", "\\Flagged $Work", "\\Draft", "\\Deleted \\Seen"];

async function fill(server: Mailden): Promise<void> {
  await using imap = await server.imap(REMOTE_USER);
  await imap.ok('CREATE "Work/Old"');
  for (const [place, folder] of FOLDERS.entries()) {
    for (let i = 0; i < MESSAGES; i++) {
      const size = i % 23 === 5 ? 700_000 : 500;
      // Some are there twice, and nothing tells them apart.
      const name = i % 10 === 9 ? `f${place}m${i - 1}` : `f${place}m${i}`;
      const line = `${"0123456789".repeat(7)}\r\n`;
      const text = `Subject: ${name}\r\n\r\n${line.repeat(size / 72)}`;
      const date = `"${String(1 + (i % 28)).padStart(2, "0")}-Jul-1996 02:44:${
        String(i % 60).padStart(2, "0")
      } -0700"`;
      await imap.ok(
        `APPEND "${folder}" (${FLAGS[i % FLAGS.length]}) ${date} {${text.length}+}\r\n${text}`,
      );
    }
  }
}

/** All of a folder, in its order; only what must be the same on both sides. */
async function lines(server: Mailden, account: string, folder: string): Promise<string[]> {
  await using imap = await server.imap(account);
  await imap.select(folder);
  const { untagged } = await imap.ok(
    "FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
  );
  return untagged.filter((line) => line.includes("FETCH")).map((line) =>
    line.replace(/^\* \d+ /, "").replace(/ ?\\Recent/, "").replace("(FLAGS ( ", "(FLAGS (")
  );
}

const KILLS: readonly (readonly [where: string, cut: Cut, running: boolean])[] = [
  ["before it knows the folders", { side: "client", at: /LIST ""/, passes: false }, true],
  [
    "in the middle of a large message",
    { side: "server", at: /Subject: f0m28[^]{300000}/, passes: true },
    true,
  ],
  ["between two messages", { side: "client", at: /UID FETCH 61 \(UID BODY/, passes: false }, true],
  ["in the second folder, without a server", {
    side: "server",
    at: /BODY\[\][^]*Subject: f1m30/,
    passes: true,
  }, false],
  ["before the last folder", { side: "client", at: /EXAMINE "Work/, passes: false }, false],
  ["near the end", { side: "server", at: /BODY\[\][^]*Subject: f2m66/, passes: true }, false],
];

Deno.test("e2e: import imap, killed again and again, brings each message once with its flags and its date", async () => {
  await using provider = await startProvider();
  await fill(provider.server);
  const identity = await makeCertificate({ names: [PROVIDER], issuer: provider.authority });
  const upstream = {
    host: "127.0.0.1",
    port: provider.server.ports.imaps,
    caCerts: [provider.authority.certificate],
  };
  await using relay = new TlsRelay({ identity, upstream, serverName: PROVIDER });
  await using server = await provider.fetcher({ accounts: { [ALICE]: "a" }, config: {} });
  const begin = () => {
    const flags = permissionFlags({ data: [server.directory], read: [join(ROOT, "src")] });
    const args = ["import", "imap", PROVIDER, "--account", ALICE, "--user", REMOTE_USER, "--password-stdin"];
    args.push("--port", String(relay.port), "--config", server.configFile);
    return new Program({
      command: Deno.execPath(),
      args: ["run", "--cached-only", ...flags, join(ROOT, "main.ts"), ...args],
    }, { cwd: server.directory, stdin: `${REMOTE_PASSWORD}\n` });
  };
  await server.serve();
  let isRunning = true;
  for (const [where, cut, running] of KILLS) {
    if (isRunning && !running) await server.stop();
    isRunning = running;
    const reached = relay.cut(cut);
    const program = begin();
    const first = await Promise.race([reached, program.exited]);
    assert.equal(first, undefined, `It ended, and not ${where}: ${program.output}`);
    await program.kill("SIGKILL");
  }
  void relay.cut(null);
  const last = begin();
  assert.equal(await last.exited, 0, last.output);
  const [, brought, known] = /^Imported (\d+) messages .*, (\d+) were there already\n$/.exec(last.stdout) ??
    [];
  assert.equal(Number(brought) + Number(known), FOLDERS.length * MESSAGES, last.stdout);
  assert.ok(Number(known) >= 2 * MESSAGES, last.stdout);
  await server.serve();
  for (const folder of FOLDERS) {
    assert.deepEqual(await lines(server, ALICE, folder), await lines(provider.server, REMOTE_USER, folder));
  }
});
