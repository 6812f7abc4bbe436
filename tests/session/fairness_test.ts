/** What one client sends at once must not keep the others waiting, nor fill the log, nor last for ever. */
import assert from "node:assert/strict";
import type { Clock } from "../../src/core/ports.ts";
import { ConnectionLostError } from "../../src/core/errors.ts";
import { serveImap } from "../../src/session/imap/mod.ts";
import { Pace } from "../../src/session/pace.ts";
import { connPair, TEST_TLS } from "../support/fake_conn.ts";
import { ManualClock } from "../support/fakes.ts";
import { command, ImapHarness } from "./imap/harness.ts";
import { startSession as startPop3, storeWith } from "./pop3/maildrop.ts";
import { startSession as startSmtp } from "./smtp/harness.ts";

/** Makes a millisecond pass with each look at the clock. */
function letTimePass<C extends Clock>(clock: C): C {
  let time = clock.now();
  return Object.assign(clock, { now: () => time++ });
}

/** How many turns of the event loop pass until the promise settles. */
async function turnsUntil(over: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    if (isOver) return;
    turns++;
    setTimeout(count, 0);
  };
  setTimeout(count, 0);
  await over.finally(() => isOver = true);
  return turns;
}

const COMMANDS = 500;

Deno.test("smtp: commands that come together hold up nobody", async () => {
  const { client, clock, ended } = startSmtp();
  letTimePass(clock);
  client.write("NOOP\r\n".repeat(COMMANDS) + "QUIT\r\n");
  assert.ok(await turnsUntil(ended) >= 10);
});

Deno.test("pop3: commands that come together hold up nobody", async () => {
  const { client, ended } = startPop3(await storeWith([]), { clock: letTimePass(new ManualClock()) });
  client.write("CAPA\r\n".repeat(COMMANDS) + "QUIT\r\n");
  assert.ok(await turnsUntil(ended) >= 10);
});

Deno.test("imap: commands that come together hold up nobody", async () => {
  await using harness = new ImapHarness();
  const client = await harness.login();
  letTimePass(harness.clock);
  client.write("t NOOP\r\n".repeat(COMMANDS) + "t LOGOUT\r\n");
  assert.ok(await turnsUntil(client.readAll()) >= 10);
});

Deno.test("a pace rests only when its time is over", async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock);
  assert.equal(await letsTimersRun(pace), false);
  await clock.advance(6);
  assert.equal(await letsTimersRun(pace), true);
  assert.equal(await letsTimersRun(pace), false);
});

Deno.test("a pace does not count the time in which something was waited for", async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock);
  const late = async function* () {
    for (let i = 0; i < 3; i++) {
      await clock.advance(100);
      yield i;
    }
  };
  const rested: boolean[] = [];
  for await (const _ of pace.over(late())) {
    rested.push(pace.isDue);
    await clock.advance(2);
  }
  assert.deepEqual([...rested, pace.isDue], [false, false, false, true]);
  await pace.rest();
  const fails = async () => {
    await Promise.resolve();
    await clock.advance(100);
    throw new Error("Gone");
  };
  await assert.rejects(pace.outside(fails()), /Gone/);
  assert.equal(pace.isDue, false);
});

async function letsTimersRun(pace: Pace): Promise<boolean> {
  let ran = false;
  const timer = setTimeout(() => ran = true, 0);
  await pace.rest();
  clearTimeout(timer);
  return ran;
}

Deno.test("smtp: a client that talks before EHLO is noted once", async () => {
  const { client, ended, log } = startSmtp();
  client.write("NOOP\r\n".repeat(COMMANDS) + "QUIT\r\n");
  await ended;
  assert.equal(log.of("early-talker").length, 1);
});

Deno.test("smtp: an octet now and then does not outlive the session's time", async () => {
  const { client, clock, ended, log } = startSmtp({ limits: { sessionMs: 60_000 } });
  client.write("EHLO client.example\r\n");
  for (let i = 0; i < 3; i++) await client.readLine();
  for (let i = 0; i < 10; i++) {
    client.write("x");
    await new Promise((resolve) => setTimeout(resolve, 0));
    clock.set(clock.now() + 10_000);
  }
  await ended;
  assert.equal(log.of("session-end")[0]?.fields.reason, "timeout");
});

Deno.test("imap: so many commands without a log-in, and the session is over", async () => {
  await using harness = new ImapHarness({ limits: { commandsBeforeLogin: 10 } });
  const client = harness.connect();
  client.write('t ID ("name" "flood")\r\n'.repeat(COMMANDS));
  assert.match(await client.readAll(), /^\* BYE Too many commands without a log-in\r\n$/m);
  assert.equal(harness.log.of("client-id").length, 10);
});

/** A hundred parts with many parameters. */
function largeStructure(): string {
  const parameters = Array.from({ length: 20 }, (_, i) => `; p${i}="vvv"`).join("");
  const part = `--b\r\nContent-Type: a/b${parameters}\r\n\r\n`;
  return `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(100)}--b--\r\n`;
}

Deno.test("imap: one answer of two hundred large items is neither held in memory nor written at a stretch", async () => {
  await using harness = new ImapHarness();
  await harness.append("INBOX", largeStructure());
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  const before = client.writes.length;
  letTimePass(harness.clock);
  client.write(`t FETCH 1 (${Array(200).fill("BODYSTRUCTURE").join(" ")})\r\nt LOGOUT\r\n`);
  assert.ok(await turnsUntil(client.readAll()) >= 20);
  const sizes = client.writes.slice(before).map((text) => text.length);
  assert.ok(Math.max(...sizes) < 1024 * 1024, `${Math.max(...sizes)} bytes in one write`);
});

Deno.test("imap: a client that goes away within a FETCH is no error of ours", async () => {
  await using harness = new ImapHarness();
  await harness.append("INBOX", "Subject: x\r\n\r\n" + "long line ".repeat(100_000));
  const { server, client } = connPair({ tls: TEST_TLS });
  const write = server.write.bind(server);
  let largest = 0;
  server.write = (bytes) => {
    largest = Math.max(largest, bytes.length);
    return largest > 8000 ? Promise.reject(new ConnectionLostError("Broken pipe")) : write(bytes);
  };
  const ended = serveImap(server, harness.deps);
  await client.readLine();
  await command(client, "LOGIN alice secret");
  await command(client, "SELECT INBOX");
  client.write("t FETCH 1 BODY.PEEK[]\r\n");
  await ended;
  assert.ok(largest > 8000);
  assert.deepEqual(harness.log.of("session-error"), []);
  assert.deepEqual(harness.log.of("command-error"), []);
});
