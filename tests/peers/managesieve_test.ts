import assert from "node:assert/strict";
import { join } from "node:path";
import type { Mailden } from "../support/mailden.ts";
import { ALICE, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

const SCRIPT = `require ["fileinto"];
# Grüße
if header :contains "subject" "work" { fileinto "Archive"; }
`;

/** sieve-connect, which begins TLS by itself and takes the password from its input. */
function sieveConnect(server: Mailden, args: readonly string[], code: number | null = 0) {
  const port = String(server.ports.managesieve);
  return run("sieve-connect", [
    ...["--server", "127.0.0.1", "--port", port, "--user", ALICE, "--passwordfd", "0", "--nosslverify"],
    ...args,
  ], { stdin: `${PASSWORD}\n`, code });
}

Deno.test("peer: sieve-connect keeps, activates, reads and deletes scripts, and mail is filed by them", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const good = await writeFile(folder, "good.sieve", SCRIPT);
  const bad = await writeFile(folder, "bad.sieve", 'keep;\nfileinto "Work";\n');
  await sieveConnect(server, ["--localsieve", good, "--remotesieve", "work", "--upload"]);
  await sieveConnect(server, ["--localsieve", good, "--remotesieve", "Ferien ü", "--upload"]);
  await sieveConnect(server, ["--localsieve", good, "--checkscript"]);
  // Whatever its exit code: it shows what the server says.
  const refused = await sieveConnect(
    server,
    ["--localsieve", bad, "--remotesieve", "work", "--upload"],
    null,
  );
  assert.match(refused.stdout + refused.stderr, /Line 2, column 1: fileinto needs require/);
  await sieveConnect(server, ["--remotesieve", "work", "--activate"]);
  const { stdout } = await sieveConnect(server, ["--list"]);
  assert.deepEqual(stdout.trim().split("\n").sort(), ['"Ferien ü"', '"work" ACTIVE']);
  const copy = join(folder, "copy.sieve");
  await sieveConnect(server, ["--remotesieve", "work", "--localsieve", copy, "--download"]);
  assert.equal((await Deno.readTextFile(copy)).replaceAll("\r\n", "\n"), SCRIPT);
  await deliver(server, ALICE, ["some-work", "some-play"]);
  await using imap = await server.imap(ALICE);
  assert.equal(await imap.select("Archive"), 1);
  assert.equal(await imap.select("INBOX"), 1);
  await sieveConnect(server, ["--deactivate"]);
  await sieveConnect(server, ["--remotesieve", "work", "--delete"]);
  assert.equal((await sieveConnect(server, ["--list"])).stdout.trim(), '"Ferien ü"');
});

Deno.test("peer: sieve-connect stays out with a wrong password", async () => {
  await using peers = await startForPeers();
  const { server } = peers;
  const port = String(server.ports.managesieve);
  const { code, stdout, stderr } = await run("sieve-connect", [
    ...[
      "--server",
      "127.0.0.1",
      "--port",
      port,
      "--user",
      ALICE,
      "--passwordfd",
      "0",
      "--nosslverify",
      "--list",
    ],
  ], { stdin: "wrong\n", code: null });
  assert.notEqual(code, 0);
  assert.match(stdout + stderr, /Wrong name or password/);
});

Deno.test("peer: Python's sievelib does all that it can", async () => {
  await using peers = await startForPeers();
  const script = join(import.meta.dirname!, "python_managesieve.py");
  const spec = JSON.stringify({ port: peers.server.ports.managesieve, user: ALICE, password: PASSWORD });
  // Debian's own Python has Debian's sievelib.
  await run("/usr/bin/python3", [script], { stdin: spec });
});
