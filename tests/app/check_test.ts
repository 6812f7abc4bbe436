import assert from "node:assert/strict";
import { join } from "node:path";
import { certificateFindings, dataFolderFindings } from "../../src/app/cli/check_files.ts";
import { defaultConfig } from "../../src/app/config/mod.ts";
import { openServerTls } from "../../src/net/tls/mod.ts";
import { FixedClock, silentLog } from "../support/fakes.ts";
import { runCommand, temporaryFolder } from "./fixtures.ts";

const YEARS_MS = 366 * 86_400_000;

/** A pair for `mx.example.com`, made now. */
async function makePair(directory: string): Promise<{ certificate: string; key: string }> {
  const clock = new FixedClock();
  const hostname = "mx.example.com";
  (await openServerTls({ certificate: null, key: null, directory, hostname, clock, log: silentLog })).close();
  return { certificate: join(directory, "self-signed.crt"), key: join(directory, "self-signed.key") };
}

Deno.test("check: certificates and keys", async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [join(folder.path, "1"), join(folder.path, "2")];
  await Deno.mkdir(one);
  await Deno.mkdir(two);
  const pair = await makePair(one);
  const other = await makePair(two);
  const base = defaultConfig("mx.example.com");
  const now = new FixedClock().now();
  const check = async (
    tls: { certificate: string | null; key: string | null },
    at = now,
    hostname = base.hostname,
  ) => {
    const findings = await certificateFindings({ ...base, hostname, tls }, at);
    return findings.map(({ severity, message }) => `${severity}: ${message.replaceAll(folder.path, "")}`);
  };
  assert.deepEqual(await check({ certificate: null, key: null }), []);
  assert.deepEqual(await check(pair), []);
  assert.deepEqual(await check({ certificate: pair.certificate, key: other.key }), [
    "error: tls.key: /2/self-signed.key is not the key of /1/self-signed.crt",
  ]);
  assert.deepEqual(await check(pair, now, "other.example.com"), [
    "warning: tls.certificate: /1/self-signed.crt does not name other.example.com",
  ]);
  assert.match((await check(pair, now + 50 * YEARS_MS))[0]!, /^error: tls.certificate: .* ended on /);
  const missing = await check({ certificate: join(one, "no.crt"), key: join(one, "no.key") });
  assert.equal(missing.length, 2);
  assert.match(missing[0]!, /^error: tls.certificate: \/1\/no.crt cannot be used: No such file/);
  assert.match(missing[1]!, /^error: tls.key: \/1\/no.key cannot be used: No such file/);
  await Deno.writeTextFile(pair.key, "no key");
  assert.match((await check(pair))[0]!, /^error: tls.key: \/1\/self-signed.key cannot be used: /);
});

Deno.test("check: the data folder", async () => {
  await using folder = await temporaryFolder();
  assert.deepEqual(await dataFolderFindings(folder.path), []);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  const [missing] = await dataFolderFindings(join(folder.path, "a", "b"));
  assert.equal(missing?.severity, "warning");
  const file = join(folder.path, "file");
  await Deno.writeTextFile(file, "");
  const [impossible] = await dataFolderFindings(join(file, "data"));
  assert.equal(impossible?.severity, "error");
});

Deno.test("check: shows what would listen, and a port that another program has is exit code 1", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "mailden.yaml");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const off = ["submission", "submissions", "imaps", "pop3", "pop3s", "managesieve", "http"].map((name) =>
    `  ${name}: off\n`
  );
  const text =
    `hostname: mx.example.com\ndata: .\nlisten:\n  smtp: "127.0.0.1:0"\n  imap: "192.0.2.1:1143"\n${
      off.join("")
    }`;
  await Deno.writeTextFile(path, text);
  const result = await runCommand(folder.path, ["check"]);
  assert.equal(
    result.out,
    `${path} is valid
  hostname     mx.example.com
  data         ${folder.path}
  certificate  self-signed, made at the first start
  domains      0 domains, 0 accounts
  server       not running

  smtp         127.0.0.1:0     free
  submission   off
  submissions  off
  imap         192.0.2.1:1143  NO SUCH ADDRESS
  imaps        off
  pop3         off
  pop3s        off
  lmtp         off
  managesieve  off
  http         off`,
  );
  assert.equal(result.err, "error: listen.imap: 192.0.2.1:1143 is not an address of this machine");
  assert.equal(result.code, 1);
  await Deno.writeTextFile(path, text.replace("192.0.2.1:1143", `127.0.0.1:${port}`));
  const second = await runCommand(folder.path, ["check"]);
  assert.match(
    second.err,
    /^error: listen.imap: 127.0.0.1:\d+ is taken by another program; stop it or choose another/,
  );
  assert.equal(second.code, 1);
  await Deno.writeTextFile(path, text.replace('"192.0.2.1:1143"', "off"));
  assert.equal((await runCommand(folder.path, ["check"])).code, 0);
});
