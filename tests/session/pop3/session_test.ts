import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeLatin1, encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { makeMaildropLocks } from "../../../src/session/pop3/mod.ts";
import { TEST_TLS } from "../../support/fake_conn.ts";
import type { FakeClient } from "../../support/fake_conn.ts";
import { ManualClock, RecordingLog } from "../../support/fakes.ts";
import { MESSAGES, startSession, storeWith, subjectsLeft } from "./maildrop.ts";

/** Says these lines at once and gives all that the server ever answers. */
async function talk(client: FakeClient, ...lines: readonly string[]): Promise<string> {
  client.write(lines.map((line) => `${line}\r\n`).join(""));
  return await client.readAll();
}

const LOGIN = ["USER alice@example.test", "PASS secret"];

Deno.test("pop3: pipelined commands are answered in order and in few writes (RFC 2449 section 6.6)", async () => {
  const store = await storeWith(MESSAGES);
  const { client, ended } = startSession(store, { tls: TEST_TLS });
  const answers = await talk(client, ...LOGIN, "STAT", "RETR 1", "RETR 2", "RETR 3", "NOOP", "QUIT");
  await ended;
  assert.equal(answers.match(/^\+OK/gm)?.length, 9);
  assert.ok(client.writes.length <= 2, `${client.writes.length} writes`);
});

Deno.test("pop3: a failing store never looks like an empty message", async () => {
  const store = await storeWith(MESSAGES);
  const log = new RecordingLog();
  const broken = {
    ...store,
    accounts: store.accounts,
    mailboxes: store.mailboxes,
    messages: store.messages,
    bodies: {
      stage: () => store.bodies.stage(),
      readMany: (...args: Parameters<typeof store.bodies.readMany>) => store.bodies.readMany(...args),
      // deno-lint-ignore require-yield
      read: async function* () {
        throw new Error("The disk is on fire");
      },
    },
  };
  const { client, ended } = startSession(broken, { tls: TEST_TLS, log });
  const answers = await talk(client, ...LOGIN, "RETR 1", "QUIT");
  await ended;
  assert.match(answers, /^-ERR \[SYS\/TEMP\] The message cannot be read now\r\n\+OK Bye/m);
  assert.match(String(log.of("pop3-read-failed")[0]?.fields.error), /on fire/);
  assert.doesNotMatch(answers, /fire/);
});

Deno.test("pop3: a message that breaks off in the middle ends the connection, not the message", async () => {
  const store = await storeWith(MESSAGES);
  const broken = {
    ...store,
    accounts: store.accounts,
    mailboxes: store.mailboxes,
    messages: store.messages,
    bodies: {
      stage: () => store.bodies.stage(),
      readMany: (...args: Parameters<typeof store.bodies.readMany>) => store.bodies.readMany(...args),
      read: async function* () {
        yield encodeLatin1("Subject: half\r\n");
        throw new Error("The disk is on fire");
      },
    },
  };
  const { client, ended } = startSession(broken, { tls: TEST_TLS });
  const answers = await talk(client, ...LOGIN, "RETR 1", "QUIT");
  await ended;
  assert.doesNotMatch(answers, /^\.\r\n/m);
});

Deno.test("pop3: STLS with something sent behind it is refused, and that is not obeyed (RFC 2595)", async () => {
  const store = await storeWith(MESSAGES);
  const { client, ended } = startSession(store);
  client.write("STLS\r\nUSER mallory\r\n");
  assert.match(await client.readLine() ?? "", /^\+OK/);
  assert.match(await client.readLine() ?? "", /^-ERR Wait for the answer to STLS/);
  client.write("STLS\r\n");
  assert.match(await client.readLine() ?? "", /^\+OK Begin TLS/);
  client.write("PASS secret\r\n");
  assert.match(await client.readLine() ?? "", /^-ERR Say USER first/);
  client.close();
  await ended;
});

Deno.test("pop3: the user name said before STLS is forgotten", async () => {
  const store = await storeWith(MESSAGES);
  const remote = { host: "127.0.0.1", port: 40000 };
  const { client, ended } = startSession(store, { plaintextAuth: true, remote });
  for (const line of ["USER alice@example.test", "STLS", "PASS secret"]) {
    client.write(`${line}\r\n`), await client.readLine();
  }
  await client.readLine();
  client.write("STAT\r\n");
  assert.equal(await client.readLine(), "-ERR Log in first");
  client.close();
  await ended;
});

Deno.test("pop3: a failed handshake ends the session quietly", async () => {
  const store = await storeWith(MESSAGES);
  const log = new RecordingLog();
  const onStartTls = () => {
    throw new Error("unknown ca");
  };
  const { client, ended } = startSession(store, { log, onStartTls });
  client.write("STLS\r\n");
  await ended;
  assert.match(await client.readAll(), /\+OK Begin TLS\r\n$/);
  assert.equal(log.of("tls-failed").length, 1);
  assert.equal(log.entries.filter((entry) => entry.level === "error").length, 0);
});

Deno.test("pop3: an idle client is let go without a word and without deleting (RFC 1939 section 3)", async () => {
  const store = await storeWith(MESSAGES);
  const locks = makeMaildropLocks();
  const { client, ended } = startSession(store, { tls: TEST_TLS, locks, limits: { idleTimeoutMs: 30 } });
  const answers = await talk(client, ...LOGIN, "DELE 1");
  await ended;
  assert.match(answers, /Message 1 will be deleted\r\n$/);
  assert.equal((await subjectsLeft(store)).length, 3);
  assert.ok(locks.take("alice@example.test") !== null, "the maildrop should be free again");
});

Deno.test("pop3: who has not logged in in time is cut off, however much he talks", async () => {
  const store = await storeWith(MESSAGES);
  const clock = new ManualClock();
  const { client, ended } = startSession(store, { tls: TEST_TLS, clock, limits: { loginTimeoutMs: 60_000 } });
  await client.readLine();
  for (let second = 0; second < 59; second++) {
    client.write("N");
    await clock.advance(1000);
  }
  assert.equal(client.closed, false);
  await clock.advance(1000);
  await ended;
  assert.equal(client.closed, true);
});

Deno.test("pop3: the time to log in does not count once it is done", async () => {
  const store = await storeWith(MESSAGES);
  const clock = new ManualClock();
  const { client, ended } = startSession(store, { tls: TEST_TLS, clock, limits: { loginTimeoutMs: 60_000 } });
  client.write([...LOGIN, "STAT", ""].join("\r\n"));
  for (let i = 0; i < 4; i++) assert.match(await client.readLine() ?? "", /^\+OK/);
  await clock.advance(61_000);
  client.write("QUIT\r\n");
  assert.match(await client.readLine() ?? "", /^\+OK Bye/);
  await ended;
});

Deno.test("pop3: at shutdown an idle session is told and closed, and nothing is deleted", async () => {
  const store = await storeWith(MESSAGES);
  const stop = new AbortController();
  const { client, ended } = startSession(store, { tls: TEST_TLS, shutdown: stop.signal });
  client.write([...LOGIN, "DELE 1", ""].join("\r\n"));
  for (let i = 0; i < 4; i++) assert.match(await client.readLine() ?? "", /^\+OK/);
  stop.abort();
  assert.equal(await client.readAll(), "-ERR [SYS/TEMP] The server is shutting down\r\n");
  await ended;
  assert.equal((await subjectsLeft(store)).length, 3);
});

Deno.test("pop3: the maildrop is free as soon as QUIT is answered", async () => {
  const store = await storeWith(MESSAGES);
  const locks = makeMaildropLocks();
  for (let i = 0; i < 3; i++) {
    const { client, ended } = startSession(store, { tls: TEST_TLS, locks });
    assert.match(await talk(client, ...LOGIN, "QUIT"), /Logged in/);
    await ended;
  }
});

Deno.test("pop3: unique ids are the same in the next session and never given twice", async () => {
  const store = await storeWith(MESSAGES);
  const list = async (...more: string[]) => {
    const { client, ended } = startSession(store, { tls: TEST_TLS });
    const answers = await talk(client, ...LOGIN, "UIDL", ...more, "QUIT");
    await ended;
    return [...answers.matchAll(/^\d+ ([!-~]{1,70})\r$/gm)].map((match) => match[1]!);
  };
  const first = await list("DELE 2");
  assert.equal(new Set(first).size, 3);
  const second = await list();
  assert.deepEqual(second, [first[0], first[2]]);
});

Deno.test("pop3: lines that are too long are dropped whole, and the session goes on", async () => {
  const store = await storeWith(MESSAGES);
  const { client, ended } = startSession(store, { tls: TEST_TLS });
  const answers = await talk(client, `USER ${"x".repeat(5000)}`, ...LOGIN, "QUIT");
  await ended;
  assert.match(answers, /-ERR The line is too long\r\n\+OK Now the password\r\n\+OK Logged in/);
});

Deno.test("pop3: no password reaches the log", async () => {
  const store = await storeWith(MESSAGES);
  const log = new RecordingLog();
  const { client, ended } = startSession(store, { tls: TEST_TLS, log });
  await talk(client, "USER alice@example.test", "PASS hunter2", ...LOGIN, "QUIT");
  await ended;
  assert.doesNotMatch(JSON.stringify(log.entries), /hunter2|secret/);
  assert.deepEqual(log.entries.map((entry) => entry.event).slice(0, 1), ["session-begin"]);
  assert.equal(log.of("session-end")[0]?.fields.reason, "quit");
});

Deno.test("pop3: any message comes back byte for byte, with CR LF line ends", async () => {
  const piece = fc.constantFrom("\r\n", ".", "a", "..", "\r\n.\r\n", "\u00fc", "x".repeat(70));
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      async (parts, chunkSize) => {
        const body = encodeUtf8(`Subject: p\r\n\r\n${parts.join("")}\r\n`);
        const store = await storeWith([body]);
        const { client, ended } = startSession(store, { tls: TEST_TLS, chunkSize });
        client.write([...LOGIN, "RETR 1", "QUIT", ""].join("\r\n"));
        await ended;
        await client.readAll();
        const wire = client.writes.join("");
        const start = wire.indexOf(" octets\r\n") + 9;
        const sent = wire.slice(start, wire.indexOf("\r\n.\r\n+OK Bye") + 2);
        const received = sent.replace(/^\./gm, "");
        assert.equal(received, decodeLatin1(body));
        await store.close();
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("pop3: whatever a client sends, the session ends, and keeps what was not deleted by QUIT", async () => {
  const word = fc.constantFrom(
    ..."USER PASS STLS CAPA STAT LIST UIDL TOP RETR DELE RSET NOOP AUTH XYZ".split(" "),
    "1",
    "2",
    "3",
    "4",
    "0",
    "-1",
    "alice@example.test",
    "secret",
    " ",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\u00ff",
  );
  const raw = fc.uint8Array({ maxLength: 60 }).map(decodeLatin1);
  const input = fc.array(fc.oneof({ weight: 8, arbitrary: word }, { weight: 1, arbitrary: raw }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(input, fc.boolean(), fc.boolean(), async (parts, loggedIn, tls) => {
      const store = await storeWith(MESSAGES);
      const log = new RecordingLog();
      const remote = { host: "127.0.0.1", port: 40000 };
      const { client, ended } = startSession(store, {
        tls: tls ? TEST_TLS : null,
        plaintextAuth: true,
        remote,
        log,
      });
      const text = parts.join(" ").replace(/QUIT/gi, "");
      client.write(encodeLatin1((loggedIn ? `${LOGIN.join("\r\n")}\r\n` : "") + text));
      client.close();
      await ended;
      assert.equal((await subjectsLeft(store)).length, 3);
      assert.equal(
        log.entries.filter((entry) => entry.level === "error").length,
        0,
        JSON.stringify(log.entries),
      );
      await store.close();
    }),
    { numRuns: 1500 },
  );
});
