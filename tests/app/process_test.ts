import assert from "node:assert/strict";
import { join } from "node:path";
import { DataFolderBusyError, lockDataFolder } from "../../src/app/lock.ts";
import { probePort } from "../../src/app/ports.ts";
import { randomPassword } from "../../src/app/random_password.ts";
import { suggest } from "../../src/app/suggest.ts";
import { ensureTrialFile, trialLines, withFreePorts } from "../../src/app/trial.ts";
import { watchProcess } from "../../src/app/watch.ts";
import { defaultConfig, loadConfig } from "../../src/app/config/mod.ts";
import { locateConfig, locateExistingConfig } from "../../src/app/config/locate.ts";
import { FixedClock, RecordingMetrics, seededRandom } from "../support/fakes.ts";
import { temporaryFolder } from "./fixtures.ts";

Deno.test("lock: a data folder has one owner, who is named to the others", async () => {
  await using folder = await temporaryFolder();
  const data = join(folder.path, "new", "data");
  const lock = await lockDataFolder(data);
  assert.equal((await Deno.stat(data)).mode! & 0o777, 0o700);
  await assert.rejects(lockDataFolder(data), (error) => {
    assert.ok(error instanceof DataFolderBusyError);
    assert.equal(error.message, `The data folder ${data} is in use by process ${Deno.pid}; stop that first`);
    return true;
  });
  lock.release();
  (await lockDataFolder(data)).release();
});

Deno.test("suggest: slips are found, strangers are not", () => {
  const words = ["listen", "limits", "log", "hostname", "plaintext_auth"];
  const cases: readonly (readonly [string, string | null])[] = [
    ["lisen", "listen"],
    ["lsiten", "listen"],
    ["LIMITS", "limits"],
    ["hostnme", "hostname"],
    ["plain_text_auth", "plaintext_auth"],
    ["frobnicate", null],
    ["", null],
    ["x".repeat(100_000), null],
  ];
  for (const [word, expected] of cases) assert.equal(suggest(word, words), expected, word.slice(0, 20));
});

Deno.test("random password: readable, and as long as it should be", () => {
  assert.match(randomPassword(seededRandom(1)), /^([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/);
  assert.notEqual(randomPassword(seededRandom(1)), randomPassword(seededRandom(2)));
});

Deno.test("watch: a held main thread and the memory are shown", async () => {
  const clock = new FixedClock();
  const metrics = new RecordingMetrics();
  const watch = watchProcess({ metrics, clock, memory: () => 12345, tickMs: 1, windowMs: 1000 });
  assert.equal(metrics.gauges.get("mailden_main_thread_delay_seconds"), 0);
  clock.set(clock.now() + 251);
  while ((metrics.observations.get("mailden_main_thread_delays_seconds")?.length ?? 0) < 2) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  watch.stop();
  assert.equal(metrics.gauges.get("mailden_main_thread_delay_seconds"), 0.25);
  assert.equal(metrics.gauges.get("mailden_process_resident_memory_bytes"), 12345);
  assert.equal(metrics.observations.get("mailden_main_thread_delays_seconds")![0], 0.25);
});

Deno.test("locate: the named file, else the first default that is there, else the trial", async () => {
  await using folder = await temporaryFolder();
  const [first, second] = [join(folder.path, "etc.yaml"), join(folder.path, "here.yaml")];
  const places = { files: [first, second], trial: join(folder.path, "trial.yaml") };
  assert.deepEqual(await locateConfig("/x/y.yaml", places), { kind: "file", path: "/x/y.yaml" });
  assert.deepEqual(await locateConfig(undefined, places), { kind: "trial", path: places.trial });
  await assert.rejects(locateExistingConfig(undefined, places), { name: "ConfigError" });
  await Deno.writeTextFile(places.trial, "");
  assert.deepEqual(await locateExistingConfig(undefined, places), { kind: "trial", path: places.trial });
  await Deno.writeTextFile(second, "");
  assert.deepEqual(await locateConfig(undefined, places), { kind: "file", path: second });
  await Deno.writeTextFile(first, "");
  assert.deepEqual(await locateConfig(undefined, places), { kind: "file", path: first });
});

Deno.test("trial: its file is a valid configuration of this machine only, and is not written twice", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "mailden-data", "trial.yaml");
  await ensureTrialFile(path);
  const config = await loadConfig(path);
  assert.equal(config.data, join(folder.path, "mailden-data"));
  assert.deepEqual(
    Object.fromEntries(Object.entries(config.listen).map(([name, [endpoint]]) => [name, endpoint?.port])),
    {
      smtp: 2525,
      submission: 2587,
      submissions: 2465,
      imap: 2143,
      imaps: 2993,
      pop3: 2110,
      pop3s: 2995,
      lmtp: undefined,
      managesieve: 24190,
      http: 8080,
    },
  );
  assert.ok(Object.values(config.listen).flat().every(({ host }) => host === "127.0.0.1"));
  await Deno.writeTextFile(path, "# mine\n");
  await ensureTrialFile(path);
  assert.equal(await Deno.readTextFile(path), "# mine\n");
});

Deno.test("trial: a port that is taken is replaced by the next free one", () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const off = Object.fromEntries(Object.keys(defaultConfig("localhost").listen).map((name) => [name, []]));
  const base = defaultConfig("localhost");
  const listen = { ...base.listen, ...off, imap: [{ host: "127.0.0.1", port }] };
  const { config, moved } = withFreePorts({ ...base, listen });
  const to = config.listen.imap[0]!;
  assert.ok(to.port > port && to.port <= port + 1000);
  assert.equal(probePort(to), "free");
  assert.deepEqual(moved, [{ name: "imap", from: { host: "127.0.0.1", port }, to }]);
  taken.close();
});

Deno.test("trial: the person is told account, password, moved ports and three commands", () => {
  const at = (name: string, port: number) => ({ name, endpoint: { host: "127.0.0.1", port } });
  const report = {
    listeners: [at("smtp", 2526), at("submissions", 2465), at("imaps", 2993)],
    moved: [{ name: "smtp", from: { host: "127.0.0.1", port: 2525 }, to: { host: "127.0.0.1", port: 2526 } }],
    password: "abcd-efgh",
    folder: "/tmp/x",
    program: "mailden",
  };
  const first = trialLines(report).join("\n");
  assert.match(first, /^Port 2525 \(smtp\) is taken by another program; smtp uses 2526 instead\.$/m);
  assert.match(first, /^ {2}account {3}me@localhost$/m);
  assert.match(first, /^ {2}password {2}abcd-efgh$/m);
  for (const url of ["smtps://127.0.0.1:2465", "smtp://127.0.0.1:2526", "imaps://127.0.0.1:2993/INBOX"]) {
    assert.ok(first.includes(url), url);
  }
  const later = trialLines({ ...report, password: null }).join("\n");
  assert.match(later, /was shown at the first start; to set another: mailden account password me@localhost/);
  assert.match(later, /me@localhost:PASSWORD/);
});
