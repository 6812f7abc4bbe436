import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8, encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import type { Conn } from "../../../src/core/ports.ts";
import { compileSieve, SIEVE_EXTENSIONS } from "../../../src/delivery/sieve/mod.ts";
import { defaultAuthLimits, makeAuthenticators, makeDirectory } from "../../../src/intake/mod.ts";
import { makeCredential } from "../../../src/store/credential.ts";
import type { Store } from "../../../src/store/mod.ts";
import { type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import {
  FixedClock,
  live,
  ManualClock,
  RecordingLog,
  RecordingMetrics,
  seededRandom,
  silentLog,
  silentMetrics,
} from "../../support/fakes.ts";
import { ScramClient } from "../../support/scram_client.ts";
import { ACCOUNT, emptyStore, LOGIN, readAnswer, type SessionOptions, startSession } from "./support.ts";

/** A session that has logged in. */
async function loggedIn(store: Pick<Store, "accounts" | "scripts">, options: SessionOptions = {}) {
  const session = startSession(store, { tls: TEST_TLS, ...options });
  await readAnswer(session.client);
  session.client.write(`${LOGIN}\r\n`);
  assert.deepEqual(await readAnswer(session.client), ['OK "Logged in"']);
  return session;
}

async function say(client: FakeClient, line: string): Promise<string[]> {
  client.write(`${line}\r\n`);
  return await readAnswer(client);
}

Deno.test("managesieve: every extension that a script may require is told, and no other (RFC 5804 section 1.7)", async () => {
  const { client, ended } = startSession(await emptyStore());
  const greeting = await readAnswer(client);
  const told = /^"SIEVE" "(.*)"$/m.exec(greeting.join("\n"))![1]!.split(" ");
  assert.deepEqual(told, [...SIEVE_EXTENSIONS]);
  for (const extension of told) assert.ok(compileSieve(`require "${extension}";`), extension);
  client.close();
  await ended;
});

Deno.test("managesieve: the languages of notify are told only where there is one", async () => {
  const { client, ended } = startSession(await emptyStore(), { language: { notifyMethods: [] } });
  assert.doesNotMatch((await readAnswer(client)).join("\n"), /NOTIFY/);
  client.close();
  await ended;
});

Deno.test("managesieve: what follows STARTTLS before the handshake is never obeyed (RFC 5804 section 2.2)", async () => {
  const store = await emptyStore();
  const log = new RecordingLog();
  const { client, ended } = startSession(store, { log });
  await readAnswer(client);
  client.write(`STARTTLS\r\n${LOGIN}\r\nPUTSCRIPT "a" "discard;"\r\n`);
  assert.equal(await client.readAll(), 'BYE "Nothing may follow STARTTLS before the handshake"\r\n');
  await ended;
  assert.equal(log.of("starttls-injection").length, 1);
  assert.deepEqual(await store.scripts.list(ACCOUNT), []);
});

Deno.test("managesieve: a failed handshake ends the session quietly", async () => {
  const log = new RecordingLog();
  const onStartTls = () => {
    throw new Error("unknown ca");
  };
  const { client, ended } = startSession(await emptyStore(), { log, onStartTls });
  await readAnswer(client);
  client.write("STARTTLS\r\n");
  await ended;
  assert.equal(await client.readAll(), 'OK "Begin TLS now"\r\n');
  assert.equal(log.of("tls-failed").length, 1);
  assert.equal(log.entries.filter(({ level }) => level === "error").length, 0);
});

/** Alice with a stored password, by the real authenticators. */
async function withScram() {
  const store = await emptyStore();
  const random = seededRandom();
  await store.accounts.setCredential(ACCOUNT, await makeCredential("secret", random));
  const { scram } = makeAuthenticators({
    store,
    directory: live(makeDirectory({ domains: { "example.test": { accounts: { alice: {} } } } })),
    clock: new FixedClock(),
    random,
    log: silentLog,
    metrics: silentMetrics,
    limits: live(defaultAuthLimits),
    scramSecret: new Uint8Array(32),
  });
  return { store, scram };
}

Deno.test("managesieve: SCRAM-SHA-256 ends with the server's proof in the OK (RFC 5804 section 1.3, SASL)", async () => {
  const { store, scram } = await withScram();
  const { client, ended } = startSession(store, { tls: TEST_TLS, scram });
  assert.match((await readAnswer(client)).join("\n"), /^"SASL" "SCRAM-SHA-256 PLAIN"$/m);
  const me = new ScramClient({ user: ACCOUNT, password: "secret" });
  client.write(`AUTHENTICATE "SCRAM-SHA-256" "${btoa(me.first())}"\r\n`);
  const challenge = /^"(.*)"$/.exec(await client.readLine() ?? "")![1]!;
  client.write(`"${btoa(me.final(atob(challenge)))}"\r\n`);
  const [answer = ""] = await readAnswer(client);
  const proof = /^OK \(SASL "(.*)"\) "Logged in"$/.exec(answer)?.[1];
  assert.ok(proof !== undefined && me.trusts(atob(proof)), answer);
  assert.deepEqual(await say(client, "LISTSCRIPTS"), ['OK "0 scripts"']);
  client.close();
  await ended;
});

Deno.test("managesieve: SCRAM-SHA-256 with a wrong password", async () => {
  const { store, scram } = await withScram();
  const { client, ended } = startSession(store, { tls: TEST_TLS, scram, limits: { loginDelayMs: 0 } });
  await readAnswer(client);
  const me = new ScramClient({ user: ACCOUNT, password: "wrong" });
  // Without an initial response the client is asked for its first message.
  assert.equal((client.write('AUTHENTICATE "SCRAM-SHA-256"\r\n'), await client.readLine()), '""');
  client.write(`"${btoa(me.first())}"\r\n`);
  const challenge = /^"(.*)"$/.exec(await client.readLine() ?? "")![1]!;
  assert.deepEqual(await say(client, `"${btoa(me.final(atob(challenge)))}"`), [
    'NO "Wrong name or password"',
  ]);
  assert.deepEqual(await say(client, "LISTSCRIPTS"), ['NO "Log in first"']);
  client.close();
  await ended;
});

Deno.test("managesieve: a failed log-in is answered later each time", async () => {
  const clock = new ManualClock();
  const { client, ended } = startSession(await emptyStore(), { tls: TEST_TLS, clock });
  await readAnswer(client);
  client.write(`AUTHENTICATE "PLAIN" "${btoa("\0alice\0wrong")}"\r\n`);
  while (clock.sleepers < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await clock.advance(1999);
  assert.equal(client.writes.length, 1);
  await clock.advance(1);
  assert.deepEqual(await readAnswer(client), ['NO "Wrong name or password"']);
  client.close();
  await ended;
});

Deno.test("managesieve: who has not logged in in time is told so and cut off, however much he talks", async () => {
  const clock = new ManualClock();
  const { client, ended } = startSession(await emptyStore(), {
    tls: TEST_TLS,
    clock,
    limits: { loginTimeoutMs: 60_000 },
  });
  await readAnswer(client);
  assert.deepEqual(await say(client, "NOOP"), ['OK "Done"']);
  await clock.advance(59_999);
  assert.equal(client.closed, false);
  await clock.advance(1);
  assert.equal(await client.readAll(), 'BYE "That took too long: log in sooner"\r\n');
  await ended;
});

Deno.test("managesieve: the time to log in does not count after it, and runs anew after UNAUTHENTICATE", async () => {
  const clock = new ManualClock();
  const { client, ended } = await loggedIn(await emptyStore(), { clock, limits: { loginTimeoutMs: 60_000 } });
  await clock.advance(61_000);
  assert.deepEqual(await say(client, "UNAUTHENTICATE"), ['OK "Logged out of the account"']);
  await clock.advance(59_000);
  assert.deepEqual(await say(client, "NOOP"), ['OK "Done"']);
  await clock.advance(1_000);
  assert.equal(await client.readAll(), 'BYE "That took too long: log in sooner"\r\n');
  await ended;
});

Deno.test("managesieve: an idle client is told BYE", async () => {
  const { client, ended } = await loggedIn(await emptyStore(), { limits: { idleTimeoutMs: 30 } });
  assert.equal(await client.readAll(), 'BYE "Nothing came for too long"\r\n');
  await ended;
});

Deno.test("managesieve: a script that does not come to its end is not kept", async () => {
  const store = await emptyStore();
  for (const end of ["timeout", "close"]) {
    const { client, ended } = await loggedIn(store, { limits: { idleTimeoutMs: 30 } });
    client.write('PUTSCRIPT "a" {100+}\r\nkeep;\r\n');
    if (end === "close") client.close();
    await ended;
    assert.deepEqual(await store.scripts.list(ACCOUNT), []);
  }
});

Deno.test("managesieve: at shutdown a session is told and closed; before it begins, too", async () => {
  const store = await emptyStore();
  const stop = new AbortController();
  const { client, ended } = await loggedIn(store, { shutdown: stop.signal });
  stop.abort();
  assert.equal(await client.readAll(), 'BYE (TRYLATER) "The server is shutting down"\r\n');
  await ended;
  const late = startSession(store, { shutdown: stop.signal });
  assert.match(await late.client.readAll(), /BYE \(TRYLATER\)/);
  await late.ended;
});

Deno.test("managesieve: a failing store is no answer about scripts, and nothing of it is shown", async () => {
  const store = await emptyStore();
  const log = new RecordingLog();
  const scripts = {
    list: () => Promise.reject(new Error("The disk is on fire")),
  } as unknown as Store["scripts"];
  const { client, ended } = await loggedIn({ accounts: store.accounts, scripts }, { log });
  assert.deepEqual(await say(client, "LISTSCRIPTS"), [
    'NO (TRYLATER) "Something went wrong here, and was noted: try again later"',
  ]);
  assert.match(String(log.of("command-error")[0]?.fields.error), /on fire/);
  client.close();
  await ended;
});

Deno.test("managesieve: neither a password nor what a script says reaches the log", async () => {
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const { client, ended } = await loggedIn(await emptyStore(), { log, metrics });
  await say(client, 'PUTSCRIPT "a" "# hush"');
  await say(client, 'PUTSCRIPT "a" "hush \\"hush\\";"');
  await say(client, "LOGOUT");
  await ended;
  assert.doesNotMatch(JSON.stringify(log.entries), /secret|hush|c2VjcmV0/);
  assert.equal(log.of("script-stored")[0]?.fields.script, "a");
  assert.equal(log.of("session-end")[0]?.fields.account, ACCOUNT);
  const count = (result: string) =>
    metrics.counters.get(`mailden_managesieve_commands_total{command=PUTSCRIPT,result=${result}}`);
  assert.deepEqual([count("ok"), count("no")], [1, 1]);
});

Deno.test("managesieve: commands that come together are answered in order and in few writes", async () => {
  const { client, ended } = await loggedIn(await emptyStore());
  const before = client.writes.length;
  client.write('PUTSCRIPT "a" {5+}\r\nkeep;\r\nGETSCRIPT "a"\r\nSETACTIVE "a"\r\nLISTSCRIPTS\r\nLOGOUT\r\n');
  const answers = await client.readAll();
  assert.match(answers, /^OK[^]*\{5\}\r\nkeep;\r\nOK[^]*OK[^]*"a" ACTIVE\r\nOK "1 scripts"\r\nOK "Bye"\r\n$/);
  assert.ok(client.writes.length - before <= 2, `${client.writes.length - before} writes`);
  await ended;
});

Deno.test("managesieve: a client that does not read is waited for, and nothing piles up", async () => {
  const store = await emptyStore();
  const text = `# ${"x".repeat(200_000)}`;
  await store.scripts.put(ACCOUNT, { name: "big", text }, { count: 1, bytes: 1_000_000 });
  let reads = 0;
  let release = () => {};
  const wrap = (conn: Conn): Conn => {
    const wrapped = Object.create(conn) as Conn;
    const bind = (method: "read" | "startTls" | "close") => conn[method].bind(conn) as never;
    return Object.defineProperties(wrapped, {
      tls: { value: TEST_TLS },
      read: { value: bind("read") },
      close: { value: bind("close") },
      write: {
        value: async (bytes: Uint8Array) => {
          if (bytes.length > 100_000) await new Promise<void>((resolve) => release = resolve);
          await conn.write(bytes);
        },
      },
    });
  };
  const watched = {
    ...store.scripts,
    get: (account: string, name: string) => {
      reads++;
      return store.scripts.get(account, name);
    },
  } as Store["scripts"];
  const { client, ended } = await loggedIn({ accounts: store.accounts, scripts: watched }, { wrap });
  client.write('GETSCRIPT "big"\r\n'.repeat(500));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(reads, 1, "it went on reading scripts that nobody takes");
  client.reset();
  release();
  await ended;
});

Deno.test("managesieve: any script comes back byte for byte", async () => {
  const piece = fc.constantFrom("\r\n", "\n", "\r", '"', "\\", "{5+}", "\u00fc", "\u{1f334}", "LOGOUT", ".");
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      async (parts, chunkSize) => {
        const store = await emptyStore();
        const { client, ended } = await loggedIn(store, {
          chunkSize,
          language: { check: () => ({ isGood: true, warnings: [], includes: [] }) },
        });
        const script = encodeUtf8(parts.join(""));
        client.write(`PUTSCRIPT "a" {${script.length}+}\r\n`);
        client.write(script);
        assert.match((await say(client, "")).join(), /^OK/);
        client.write('GETSCRIPT "a"\r\n');
        const size = Number(/^\{(\d+)\}$/.exec(await client.readLine() ?? "")![1]);
        assert.equal(decodeUtf8(await client.readBytes(size)), parts.join(""));
        assert.deepEqual(await readAnswer(client), ["", 'OK "That is the script"']);
        client.close();
        await ended;
        await store.close();
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("managesieve: whatever a client sends, the session ends, and only what was asked for is done", async () => {
  const word = fc.constantFrom(
    ..."NOOP STARTTLS CAPABILITY LISTSCRIPTS PUTSCRIPT GETSCRIPT SETACTIVE CHECKSCRIPT HAVESPACE RENAMESCRIPT"
      .split(" "),
    "AUTHENTICATE",
    "UNAUTHENTICATE",
    LOGIN,
    '"a"',
    '"kept"',
    '""',
    '"keep;"',
    '"PLAIN"',
    "{5+}\r\nkeep;",
    "{3+}\r\n",
    "{999999999999+}",
    "{2}",
    '"*"',
    "17",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\0",
    "\u00ff",
  );
  const raw = fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes));
  const input = fc.array(fc.oneof({ weight: 8, arbitrary: word }, { weight: 1, arbitrary: raw }), {
    maxLength: 50,
  });
  const store = await emptyStore();
  await store.scripts.put(ACCOUNT, { name: "kept", text: "keep;" }, { count: 10, bytes: 1000 });
  await fc.assert(
    fc.asyncProperty(input, fc.boolean(), fc.boolean(), async (parts, isLoggedIn, tls) => {
      const log = new RecordingLog();
      const { client, ended } = startSession(store, {
        tls: tls ? TEST_TLS : null,
        plaintextAuth: true,
        remote: { host: "127.0.0.1", port: 40000 },
        limits: { loginDelayMs: 0 },
        log,
      });
      client.write(encodeLatin1((isLoggedIn ? `${LOGIN}\r\n` : "") + parts.join(" ")));
      client.close();
      await ended;
      const errors = log.entries.filter(({ level }) => level === "error");
      assert.equal(errors.length, 0, JSON.stringify(errors));
      const kept = (await store.scripts.list(ACCOUNT)).length;
      assert.ok(kept >= 1, "a script that nobody deleted is gone");
    }),
    { numRuns: 1000 },
  );
});
