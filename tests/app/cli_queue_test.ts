import assert from "node:assert/strict";
import { join } from "node:path";
import { listLines, roughTime } from "../../src/app/cli/queue_text.ts";
import { encodeUtf8 } from "../../src/core/bytes.ts";
import { systemClock, systemRandom } from "../../src/net/system.ts";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import { silentLog } from "../support/fakes.ts";
import { COMMENTED, runCommand, temporaryFolder } from "./fixtures.ts";

const BODY = encodeUtf8("Subject: x\r\n\r\nHello\r\n");

/** A folder with a configuration and three messages in the queue: m1 to two domains, m2, and a report m3. */
async function folderWithQueue() {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "mailden.yaml"), COMMENTED);
  const store = await openSqliteStore({
    directory: join(folder.path, "data"),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    undeleteDays: 0,
    readers: 1,
  });
  const queue = async (id: string, sender: string | null, recipients: readonly string[]) => {
    const stage = store.bodies.stage();
    await stage.write(BODY.slice());
    const addressOf = (text: string) => ({ local: text.split("@")[0]!, domain: text.split("@")[1]! });
    await store.accept({
      id,
      body: stage.seal(),
      receivedAt: systemClock.now() - 3_600_000,
      local: [],
      queued: {
        sender: sender === null ? null : addressOf(sender),
        recipients: recipients.map(addressOf),
        smtputf8: false,
        eightBit: true,
        skip: 0,
        dueAt: systemClock.now() + 600_000,
      },
    });
  };
  try {
    await queue("m1", "alice@example.com", ["x@one.example", "y@two.example"]);
    await queue("m2", "bob@example.com", ["z@one.example"]);
    await queue("m3", null, ["w@three.example"]);
    const [message] = await store.spool.list({ id: "m2" });
    await store.spool.settle("m2", [{
      index: message!.recipients[0]!.index,
      state: {
        kind: "waiting",
        attempts: 2,
        nextAttemptAt: systemClock.now() + 600_000,
        lastReply: "451 4.3.0 Try \x1b[2Jlater",
        lastHost: "mx.one.example [192.0.2.1]",
        delayNotified: false,
      },
    }]);
  } finally {
    await store.close();
  }
  return folder;
}

Deno.test("cli queue: list, show, hold, release, flush and drop on the database itself", async () => {
  await using folder = await folderWithQueue();
  const run = (...args: string[]) => runCommand(folder.path, ["queue", ...args]);
  const ids = async (...args: string[]) => {
    const { out } = await run("list", "--json", ...args);
    return out === "" ? [] : out.split("\n").map((line) => JSON.parse(line).id);
  };

  const listed = await run("list");
  assert.equal(listed.err, "3 messages");
  assert.equal(
    listed.out,
    `m1  21 B  60m old  from <alice@example.com>
    <x@one.example>  next in 10m, 0 attempts
    <y@two.example>  next in 10m, 0 attempts
m2  21 B  60m old  from <bob@example.com>
    <z@one.example>  next in 10m, 2 attempts: 451 4.3.0 Try \\u001b[2Jlater (mx.one.example [192.0.2.1])
m3  21 B  60m old  from <>
    <w@three.example>  next in 10m, 0 attempts`,
  );
  assert.deepEqual(await ids("--to", "ONE.example."), ["m1", "m2"]);
  assert.deepEqual(await ids("--from", "Bob@example.com"), ["m2"]);
  assert.deepEqual(await ids("--from", "<>"), ["m3"]);
  assert.deepEqual(await ids("--limit", "2"), ["m1", "m2"]);
  assert.deepEqual(await ids("--held"), []);

  const shown = await run("show", "m2");
  assert.match(
    shown.out,
    /^Id: {10}m2\nSender: {6}<bob@example\.com>\nSize: {8}21 B\nQueued: .*\nNeeds: {7}8BITMIME\n/,
  );

  assert.equal((await run("hold", "--to", "one.example")).out, "2 recipients held");
  assert.deepEqual(await ids("--held"), ["m1", "m2"]);
  assert.match((await run("show", "m2")).out, /<z@one.example> {2}held, 2 attempts/);
  assert.equal((await run("release", "m2")).out, "1 recipient released");
  assert.deepEqual(await ids("--held"), ["m1"]);
  assert.equal((await run("flush", "m3")).out, "1 recipient due now");
  assert.match((await run("show", "m3")).out, /<w@three.example> {2}due now, 0 attempts/);

  assert.equal((await run("drop", "m3")).out, "1 message dropped");
  assert.deepEqual(await ids(), ["m1", "m2"]);
  for (const command of ["show", "flush", "hold", "release", "drop"]) {
    const missing = await run(command, "m3");
    assert.deepEqual([missing.code, missing.err], [1, 'There is no message "m3" in the queue']);
  }
  assert.equal((await run("drop", "--all")).out, "2 messages dropped");
  const empty = await run("list");
  assert.deepEqual([empty.code, empty.out, empty.err], [0, "", "The queue is empty"]);
});

Deno.test("cli queue: a list shows the first recipients only", () => {
  const recipients = Array.from({ length: 8 }, (_, index) => ({
    index,
    address: { local: `r${index}`, domain: "example.org" },
    attempts: 1,
    nextAttemptAt: 0,
    held: false,
    delayNotified: false,
    lastReply: null,
    lastHost: null,
  }));
  const message = {
    id: "m",
    bodyId: 1,
    size: 1,
    skip: 0,
    sender: null,
    smtputf8: false,
    eightBit: false,
    queuedAt: 0,
  };
  const lines = listLines({ ...message, recipients }, 5000);
  assert.equal(lines.length, 7);
  assert.equal(lines[1], "    <r0@example.org>  due now, 1 attempt");
  assert.equal(lines.at(-1), "    and 3 more");
});

Deno.test("cli queue: times for people", () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, "0s"],
    [119_000, "119s"],
    [120_000, "2m"],
    [7_199_000, "120m"],
    [7_200_000, "2h"],
    [172_800_000, "2d"],
  ];
  for (const [ms, text] of cases) assert.equal(roughTime(ms), text);
});

Deno.test("queue: filters by address and age, and the form of mailq", async () => {
  await using folder = await folderWithQueue();
  const list = (...args: string[]) => runCommand(folder.path, ["queue", "list", ...args]);
  assert.match((await list("--to", "z@one.example")).out, /^m2 /);
  assert.doesNotMatch((await list("--to", "z@one.example")).out, /^m1 /m);
  assert.equal((await list("--older", "2h")).out, "");
  assert.match((await list("--older", "30m")).out, /^m1 /);
  const { out } = await list("--mailq", "--id", "m2");
  assert.match(
    out,
    /^-Queue ID- +--Size-- ----Arrival Time---- -Sender\/Recipient-+\nm2 +21 \w{3} \w{3} .+ {2}bob@example\.com\n/,
  );
  assert.match(
    out,
    /\(host mx\.one\.example \[192\.0\.2\.1\] said: 451 4\.3\.0 Try .*\)\n +z@one\.example\n\n-- 1 Kbytes in 1 Request\./,
  );
  assert.match((await list("--mailq", "--id", "none")).out, /^Mail queue is empty/);
  assert.equal((await list("--older", "soon")).code, 2);
});

Deno.test("queue: hold rules are kept, listed and taken away; a report needs a server", async () => {
  await using folder = await folderWithQueue();
  const run = (...args: string[]) => runCommand(folder.path, ["queue", ...args]);
  assert.equal((await run("hold", "--rule", "--to", "Far.example")).code, 0);
  assert.equal((await run("hold", "--rule", "--from", "<>")).code, 0);
  assert.equal((await run("hold", "--rules")).out.trim(), "from <>\nto far.example");
  assert.equal((await run("release", "--rule", "--to", "far.example")).code, 0);
  assert.equal((await run("release", "--rule", "--to", "far.example")).code, 1);
  assert.equal((await run("hold", "--rules")).out.trim(), "from <>");
  assert.equal((await run("hold", "--rule")).code, 2);
  const dropped = await run("drop", "m1", "--report");
  assert.equal(dropped.code, 1);
  assert.match(dropped.err, /running server/);
});
