/** The real program as a process of its own: starting, signals, the control socket, and commands beside it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type LogLine, Program } from "../support/program.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { runCommand, temporaryFolder } from "./fixtures.ts";

const MAIN = join(import.meta.dirname!, "../../main.ts");
const DENO_JSON = join(import.meta.dirname!, "../../deno.json");

const FILE = `# comments stay
hostname: mx.example.com
data: data
listen: # any free port
  smtp: "127.0.0.1:0"
  submission: off
  submissions: "127.0.0.1:0"
  imap: "127.0.0.1:0"
  imaps: off
  pop3: off
  pop3s: off
  managesieve: off
  http: "127.0.0.1:0"
domains:
  example.com:
    accounts:
      alice: {} # me
`;

/** The program on a folder, and a cursor in its log. */
class Server extends Program {
  #seen = 0;

  constructor(folder: string, args: readonly string[] = ["serve"]) {
    super({
      command: Deno.execPath(),
      args: ["run", "-A", "--config", DENO_JSON, MAIN, ...args],
    }, { cwd: folder });
  }

  /** The next line of that event, after the one that was asked for before. */
  async event(event: string): Promise<LogLine> {
    const line = await this.waitForLog((candidate) => candidate.event === event, { from: this.#seen });
    this.#seen = this.log.indexOf(line) + 1;
    return line;
  }
}

async function folderWithConfig() {
  const folder = await temporaryFolder();
  const path = join(folder.path, "mailden.yaml");
  await Deno.writeTextFile(path, FILE);
  return { ...folder, file: path };
}

function portOf(started: LogLine, name: string): number {
  const listener = (started.listeners as string[]).find((line) => line.startsWith(`${name} `));
  return Number(listener!.split(":").at(-1));
}

async function greeting(port: number): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const into = new Uint8Array(512);
  const got = await conn.read(into);
  return new TextDecoder().decode(into.subarray(0, got ?? 0));
}

Deno.test("server: starts, reloads on SIGHUP, keeps the old configuration when the new one is bad, and drains", async () => {
  await using folder = await folderWithConfig();
  const program = new Server(folder.path);
  const started = await program.event("started");
  assert.match(await greeting(portOf(started, "smtp")), /^220 mx\.example\.com /);
  assert.match(await greeting(portOf(started, "imap")), /^\* OK /);
  const health = await fetch(`http://127.0.0.1:${portOf(started, "http")}/healthz`);
  assert.equal((await health.json()).status, "ok");
  const metrics = await (await fetch(`http://127.0.0.1:${portOf(started, "http")}/metrics`)).text();
  assert.match(metrics, /^mailden_main_thread_delay_seconds \d/m);
  assert.match(metrics, /^mailden_queue_messages 0$/m);

  await Deno.writeTextFile(folder.file, FILE.replace("alice: {}", "alice: { quota: 1GiB }"));
  program.signal("SIGHUP");
  await program.event("reloaded");

  await Deno.writeTextFile(folder.file, FILE.replace("domains:", "domain:"));
  program.signal("SIGHUP");
  const failed = await program.event("reload-failed");
  assert.deepEqual(failed.problems, [`${folder.file}:14:1: Unknown key "domain"; did you mean "domains"?`]);
  assert.match(await greeting(portOf(started, "smtp")), /^220 /);

  await Deno.writeTextFile(folder.file, FILE.replace("mx.example.com", "other.example.com"));
  program.signal("SIGHUP");
  assert.match(String((await program.event("reload-failed")).problems), /hostname/);

  assert.equal(await program.kill("SIGTERM"), 0);
  assert.equal((await program.event("stopping")).signal, "SIGTERM");
  await program.event("stopped");
  await assert.rejects(Deno.lstat(join(folder.path, "data", "control.sock")), Deno.errors.NotFound);
});

Deno.test("server: a message under way may be finished at the first signal, not after the second", async () => {
  await using folder = await folderWithConfig();
  const program = new Server(folder.path);
  const port = portOf(await program.event("started"), "smtp");
  await using smtp = await SmtpClient.connect({ port });
  await smtp.expect("EHLO client.example.org", 250);
  for (const line of ["MAIL FROM:<x@example.org>", "RCPT TO:<alice@example.com>", "DATA"]) {
    await smtp.command(line);
  }
  program.signal("SIGTERM");
  await program.event("stopping");
  assert.equal(await program.kill("SIGTERM"), 143);
});

Deno.test("server: commands work beside it, and the data folder is its own", async () => {
  await using folder = await folderWithConfig();
  const program = new Server(folder.path);
  await program.event("started");
  try {
    const second = new Server(folder.path);
    assert.equal(await second.exited, 1);
    assert.match(second.stderr, /The data folder .* is in use by process \d+; stop that first/);

    const added = await runCommand(folder.path, ["account", "add", "bob@example.com", "--password-stdin"], {
      input: "a password\n",
    });
    assert.deepEqual([added.code, added.err], [0, ""]);
    await program.event("reloaded");
    assert.equal(await Deno.readTextFile(folder.file), FILE.replace("# me\n", "# me\n      bob: {}\n"));
    const listed = await runCommand(folder.path, ["account", "list"]);
    assert.match(listed.out, /^bob@example\.com .* set$/m);

    const check = await runCommand(folder.path, ["check"]);
    assert.deepEqual([check.code, check.err], [0, ""]);
    assert.match(check.out, /server {7}running as process \d+/);
    const queue = await runCommand(folder.path, ["queue", "list"]);
    assert.deepEqual([queue.code, queue.out, queue.err], [0, "", "The queue is empty"]);
    assert.equal((await runCommand(folder.path, ["queue", "show", "nothing"])).code, 1);
    assert.equal((await runCommand(folder.path, ["queue", "flush"])).out, "0 recipients due now");

    const removed = await runCommand(folder.path, ["account", "remove", "bob@example.com", "--yes"]);
    assert.deepEqual([removed.code, removed.err], [0, ""]);
    assert.equal(await Deno.readTextFile(folder.file), FILE);
    assert.doesNotMatch((await runCommand(folder.path, ["account", "list"])).out, /bob/);
  } finally {
    assert.equal(await program.kill("SIGINT"), 0);
  }
});

Deno.test("server: after a SIGKILL it starts again on the same folder", async () => {
  await using folder = await folderWithConfig();
  const first = new Server(folder.path);
  await first.event("started");
  await first.kill("SIGKILL");
  assert.ok((await Deno.lstat(join(folder.path, "data", "control.sock"))).isSocket);
  const second = new Server(folder.path);
  await second.event("started");
  assert.match((await runCommand(folder.path, ["check"])).out, /running as process/);
  assert.equal(await second.kill("SIGTERM"), 0);
});

Deno.test("server: a bad configuration ends it with exit code 2 before anything is made", async () => {
  await using folder = await folderWithConfig();
  await Deno.writeTextFile(folder.file, FILE.replace("127.0.0.1:0", "127.0.0.1:x"));
  const server = new Server(folder.path, ["serve", "--config", folder.file]);
  assert.equal(await server.exited, 2);
  assert.match(
    server.stderr,
    /mailden\.yaml:5:9: listen\.smtp: Found "127\.0\.0\.1:x", expected ":25" for all addresses/,
  );
  await assert.rejects(Deno.lstat(join(folder.path, "data")), Deno.errors.NotFound);
});

Deno.test("server: without a configuration it is a trial, whose password is printed once", async () => {
  await using folder = await temporaryFolder();
  const passwords: (string | undefined)[] = [];
  for (let start = 0; start < 2; start++) {
    const program = new Server(folder.path);
    await program.event("started");
    assert.equal(await program.kill("SIGTERM"), 0);
    const output = program.stdout;
    assert.match(output, /^ {2}account {3}me@localhost$/m);
    passwords.push(/^ {2}password {2}((?:[a-z0-9]{4}-){3}[a-z0-9]{4})$/m.exec(output)?.[1]);
    if (start === 1) {
      assert.match(output, /was shown at the first start; to set another: .* account password me@localhost/);
    }
  }
  assert.notEqual(passwords[0], undefined);
  assert.equal(passwords[1], undefined);
  const files = [...Deno.readDirSync(join(folder.path, "mailden-data"))].map(({ name }) => name);
  const contents = await Promise.all(
    files.map((name) => Deno.readFile(join(folder.path, "mailden-data", name)).catch(() => new Uint8Array())),
  );
  const all = contents.map((bytes) => new TextDecoder("latin1").decode(bytes)).join("");
  assert.ok(!all.includes(passwords[0]!), "The password stands somewhere on disk");
});
