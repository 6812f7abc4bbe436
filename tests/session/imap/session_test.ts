import assert from "node:assert/strict";
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { TimeoutError } from "../../../src/core/errors.ts";
import type { Conn } from "../../../src/core/ports.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import { StoreFull } from "../../../src/store/errors.ts";
import type { Store } from "../../../src/store/mod.ts";
import { connPair, TEST_TLS } from "../../support/fake_conn.ts";
import { answer, command, ImapHarness } from "./harness.ts";

const LOOPBACK = { host: "127.0.0.1", port: 40000 };

Deno.test("without TLS a password is taken from this machine only, and only if the configuration says so", async () => {
  for (const plaintextAuth of [false, true]) {
    await using harness = new ImapHarness({ plaintextAuth });
    for (const remote of [LOOPBACK, { host: "192.0.2.9", port: 40000 }]) {
      const client = harness.connect({ tls: null, remote });
      const greeting = await client.readLine();
      const allowed = plaintextAuth && remote === LOOPBACK;
      assert.equal(greeting?.includes("AUTH=PLAIN"), allowed);
      assert.equal(greeting?.includes("LOGINDISABLED"), !allowed);
      const [reply] = await command(client, "LOGIN alice secret");
      assert.match(reply!, allowed ? /^OK / : /^NO \[PRIVACYREQUIRED\]/);
    }
  }
});

Deno.test("a failed log-in is answered late, and later each time", async () => {
  await using harness = new ImapHarness({ limits: { loginDelayMs: 1000 } });
  const client = harness.connect();
  await client.readLine();
  for (const delay of [1000, 2000]) {
    client.write("t LOGIN alice wrong\r\n");
    const reply = client.readLine();
    await harness.clock.advance(0);
    await harness.clock.advance(delay - 1);
    assert.equal(client.writes.length, delay / 1000, "nothing but what was said before");
    await harness.clock.advance(1);
    assert.match((await reply)!, /^t NO \[AUTHENTICATIONFAILED\]/);
  }
});

Deno.test("the log tells who came and what failed, and never a password or a message", async () => {
  const harness = new ImapHarness();
  {
    await using _ = harness;
    const client = harness.connect();
    await client.readLine();
    await command(client, "LOGIN alice hunter2");
    await command(client, "LOGIN alice secret");
    await command(client, 'ID ("name" "mutt" "version" "2")');
    await command(client, "SELECT Nowhere");
    client.write("t APPEND INBOX {16+}\r\nsubject: private\r\n");
    await answer(client);
    await command(client, "LOGOUT");
  }
  const events = harness.log.entries.map(({ event }) => event);
  assert.deepEqual(events, [
    "session-begin",
    "auth-failed",
    "command-failed",
    "auth-ok",
    "client-id",
    "command-failed",
    "session-end",
  ]);
  assert.ok(harness.log.entries.every(({ fields }) => fields["session"] === "s1"));
  const end = harness.log.of("session-end")[0]!.fields;
  assert.equal(end["account"], "alice@example.com");
  assert.equal(end["commands"], 6);
  const text = JSON.stringify(harness.log.entries);
  for (const secret of ["hunter2", "secret", "private"]) assert.ok(!text.includes(secret), secret);
});

Deno.test("metrics count sessions and commands, the log tells of log-ins", async () => {
  const harness = new ImapHarness();
  {
    await using _ = harness;
    const client = harness.connect();
    await client.readLine();
    assert.equal(harness.metrics.gauges.get("mailden_imap_sessions"), 1);
    await command(client, "LOGIN alice wrong");
    await command(client, "LOGIN alice secret");
    await command(client, "EVIL-NAME");
    await command(client, "UID FETCH 1 FLAGS");
  }
  const { counters, gauges } = harness.metrics;
  assert.equal(gauges.get("mailden_imap_sessions"), 0);
  assert.equal(counters.get("mailden_imap_commands_total{command=LOGIN,result=no}"), 1);
  assert.equal(counters.get("mailden_imap_commands_total{command=LOGIN,result=ok}"), 1);
  // What a client makes up must not become a label.
  assert.equal(counters.get("mailden_imap_commands_total{command=unknown,result=bad}"), 1);
  assert.equal(counters.get("mailden_imap_commands_total{command=UID FETCH,result=bad}"), 1);
  assert.equal(harness.log.of("auth-failed").length, 1);
  assert.equal(harness.log.of("auth-ok").length, 1);
});

Deno.test("what follows STARTTLS without waiting is thrown away (RFC 9051 section 6.2.1)", async () => {
  await using harness = new ImapHarness();
  const client = harness.connect({ tls: null });
  await client.readLine();
  client.write("a STARTTLS\r\nb LOGIN alice secret\r\n");
  assert.match((await client.readLine())!, /^a OK /);
  assert.deepEqual(await command(client, "SELECT INBOX"), ["BAD Log in first"]);
  assert.equal(harness.log.of("starttls-injection").length, 1);
  assert.equal(harness.log.of("auth-ok").length, 0);
});

Deno.test("a handshake that fails ends the session", async () => {
  await using harness = new ImapHarness();
  const client = harness.connect({
    tls: null,
    onStartTls: () => {
      throw new TimeoutError("No handshake");
    },
  });
  await client.readLine();
  client.write("a STARTTLS\r\n");
  assert.match((await client.readLine())!, /^a OK /);
  await client.readAll();
  assert.ok(client.closed);
});

Deno.test("a client that says nothing for too long is told so", async () => {
  await using harness = new ImapHarness({ limits: { idleTimeoutMs: 20 } });
  for (const text of ["", "t IDLE\r\n", "t NOO"]) {
    const client = await harness.login();
    if (text !== "") client.write(text);
    const said = await client.readAll();
    assert.match(said, /\* BYE Nothing came for too long\r\n$/);
  }
});

Deno.test("a client that sends byte after byte does not get more time to log in", async () => {
  await using harness = new ImapHarness();
  const client = harness.connect();
  await client.readLine();
  client.write("a LO");
  await harness.clock.advance(179_999);
  client.write("G");
  assert.equal(client.closed, false);
  await harness.clock.advance(1);
  await client.readAll();
  assert.ok(client.closed);
});

Deno.test("a connection that breaks anywhere ends the session quietly", async () => {
  const harness = new ImapHarness();
  {
    await using _ = harness;
    const beginnings = [
      "",
      "t NO",
      "t LOGIN {6}",
      "t APPEND INBOX {100}\r\nhalf",
      "t IDLE\r\n",
      "t AUTHENTICATE PLAIN",
    ];
    for (const text of beginnings) {
      for (const how of ["close", "reset"] as const) {
        const client = text.includes("LOGIN") || text.includes("AUTH")
          ? harness.connect()
          : await harness.login();
        client.write(text);
        client[how]();
      }
    }
  }
  assert.deepEqual(harness.log.entries.filter(({ level }) => level === "error"), []);
  assert.equal(harness.metrics.gauges.get("mailden_imap_sessions"), 0);
  // Half a message is no message.
  assert.equal(harness.log.of("session-end").length, 12);
});

/** A store in which some methods are replaced. */
function changed(store: Store, change: (store: Store) => Partial<Store>): Store {
  const target = change(store);
  return new Proxy(store, {
    get: (original, name) => {
      const value = Reflect.get(target, name) ?? Reflect.get(original, name);
      return typeof value === "function" ? value.bind(original) : value;
    },
  });
}

Deno.test("our own fault is logged in full, and the client hears SERVERBUG", async () => {
  await using harness = new ImapHarness({
    wrapStore: (store) =>
      changed(store, ({ mailboxes }) => ({
        mailboxes: changed(mailboxes as unknown as Store, () => ({
          list: () => Promise.reject(new Error("The inner secret")),
        } as never)) as never,
      })),
  });
  const client = await harness.login();
  assert.deepEqual(await command(client, 'LIST "" *'), [
    "NO [SERVERBUG] Something went wrong here, and was noted",
  ]);
  assert.match((await command(client, "NOOP"))[0]!, /^OK/);
  const [entry] = harness.log.of("command-error");
  assert.match(String(entry!.fields["error"]), /The inner secret[^]*session_test/);
});

Deno.test("a full disk during APPEND: the rest is read, and the session goes on", async () => {
  await using harness = new ImapHarness({
    wrapStore: (store) =>
      changed(store, () => ({
        bodies: {
          ...store.bodies,
          stage: () => ({
            size: 0,
            write: () => Promise.reject(new StoreFull("No space left")),
            read: () => Promise.resolve(new Uint8Array(0)),
            seal: () => ({ size: 0 }),
            discard: () => {},
          }),
        },
      })),
  });
  const client = await harness.login();
  client.write(`t APPEND INBOX {200000+}\r\n${"x LOGOUT\r\n".repeat(20_000)}\r\n`);
  assert.deepEqual(await answer(client), ["NO [UNAVAILABLE] Insufficient system storage, try again later"]);
  assert.match((await command(client, "NOOP"))[0]!, /^OK/);
});

/** Bodies come as the function says. */
function withBodies(read: Store["bodies"]["read"]): (store: Store) => Store {
  // Many at once cannot be read: then each is read by itself.
  const readMany: Store["bodies"]["readMany"] = (reads) => Promise.resolve(reads.map(() => null));
  return (store) => changed(store, () => ({ bodies: { stage: () => store.bodies.stage(), read, readMany } }));
}

Deno.test("a body that cannot be read is NIL, and the other messages still come", async () => {
  await using harness = new ImapHarness({
    wrapStore: (store) =>
      withBodies(async function* (id, range) {
        if (id === 1) throw new Error("Damaged page");
        yield* store.bodies.read(id, range);
      })(store),
  });
  await harness.append("INBOX", "Subject: one\r\n\r\nbad");
  await harness.append("INBOX", "Subject: two\r\n\r\ngood");
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  assert.deepEqual(
    await command(client, "FETCH 1:2 (UID BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (subject)])"),
    [
      "* 1 FETCH (UID 1 BODY[TEXT] NIL BODY[HEADER.FIELDS (subject)] NIL)",
      "* 2 FETCH (UID 2 BODY[TEXT] {4}",
      "good BODY[HEADER.FIELDS (subject)] {16}",
      "Subject: two",
      "",
      ")",
      "NO [SERVERBUG] Some messages could not be read",
    ],
  );
  assert.equal(harness.log.of("body-unreadable").length, 1);
});

Deno.test("a body shorter or longer than announced ends the connection: a literal is never wrong", async () => {
  for (const pieces of [["abc"], ["abc", "defghijklmnopqrstuvwxyz"]]) {
    await using harness = new ImapHarness({
      breaksOff: true,
      wrapStore: withBodies(async function* () {
        for (const piece of pieces) yield encodeUtf8(piece);
      }),
    });
    await harness.append("INBOX", "0123456789");
    const client = await harness.login();
    await command(client, "SELECT INBOX");
    client.write("t FETCH 1 BODY[]\r\n");
    assert.doesNotMatch(await client.readAll(), /t (OK|NO|BAD)|BYE/);
    assert.ok(client.closed);
    assert.equal(harness.log.of("session-error").length, 1);
  }
});

Deno.test("a message that is expunged while it is fetched is no fault", async () => {
  await using harness = new ImapHarness({
    wrapStore: (store) =>
      withBodies(async function* (id, range) {
        const { id: mailboxId } = (await store.mailboxes.get("alice@example.com", "INBOX"))!;
        await store.messages.expunge(mailboxId, [[1, 1]], { any: true });
        yield* store.bodies.read(id, range);
      })(store),
  });
  await harness.append("INBOX", "0123456789");
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  assert.deepEqual(await command(client, "FETCH 1 BODY.PEEK[]"), [
    "* 1 FETCH (BODY[] NIL)",
    "NO [EXPUNGEISSUED] Some of the messages were expunged",
  ]);
  assert.deepEqual(harness.log.entries.filter(({ level }) => level === "error"), []);
});

Deno.test("a client that stops reading stops the reading of bodies, and not our memory", async () => {
  let read = 0;
  await using harness = new ImapHarness({
    wrapStore: withBodies(async function* () {
      for (let i = 0; i < 1000; i++) {
        read += 65536;
        yield new Uint8Array(65536).fill(120);
      }
    }),
  });
  for (let i = 0; i < 30; i++) await harness.append("INBOX", new Uint8Array(65536).fill(120));
  const { server, client } = connPair({ tls: TEST_TLS });
  const gate: { open: () => void; blocked: Promise<void> | null } = { open: () => {}, blocked: null };
  const reached = Promise.withResolvers<void>();
  const slow: Conn = Object.create(server, {
    tls: { get: () => server.tls },
    read: { value: (ms: number) => server.read(ms) },
    close: { value: () => server.close() },
    id: { value: "slow" },
    remote: { value: server.remote },
    write: {
      value: async (bytes: Uint8Array) => {
        if (gate.blocked !== null) {
          reached.resolve();
          await gate.blocked;
        }
        await server.write(bytes);
      },
    },
  });
  const running = serveImap(slow, harness.deps);
  await client.readLine();
  await command(client, "LOGIN alice secret");
  await command(client, "SELECT INBOX");
  gate.blocked = new Promise((resolve) => gate.open = resolve);
  client.write("t FETCH 1:30 BODY.PEEK[]\r\n");
  await reached.promise;
  await new Promise((resolve) => setTimeout(resolve, 5));
  // One message under way, and 1 MiB behind it.
  assert.ok(read <= 18 * 65536, `${read} bytes were read ahead`);
  gate.blocked = null;
  gate.open();
  client.close();
  await client.readAll();
  await running;
});

Deno.test("the message of APPEND goes to the store in pieces", async () => {
  const sizes: number[] = [];
  await using harness = new ImapHarness({
    wrapStore: (store) =>
      changed(store, () => ({
        bodies: {
          read: (id, range) => store.bodies.read(id, range),
          readMany: (reads, pick) => store.bodies.readMany(reads, pick),
          stage: () => {
            const stage = store.bodies.stage();
            return new Proxy(stage, {
              get: (target, name) => {
                if (name === "write") {
                  return (chunk: Uint8Array) => {
                    sizes.push(chunk.length);
                    return target.write(chunk);
                  };
                }
                const value = Reflect.get(target, name);
                return typeof value === "function" ? value.bind(target) : value;
              },
            });
          },
        },
      })),
  });
  const client = await harness.login("alice", { chunkSize: 100_000 });
  const size = 1_000_000;
  client.write(`t APPEND INBOX {${size}+}\r\n`);
  client.write(new Uint8Array(size).fill(65));
  client.write("\r\n");
  const lines = await answer(client);
  assert.match(lines.at(-1)!, /^OK \[APPENDUID/);
  assert.equal(sizes.reduce((sum, length) => sum + length, 0), size);
  assert.ok(Math.max(...sizes) <= 65536);
});

Deno.test("STORE.SILENT and another session's change at the same moment: the client ends up knowing all flags", async () => {
  let meddle: (() => Promise<unknown>) | null = null;
  await using harness = new ImapHarness({
    wrapStore: (store) =>
      changed(store, ({ messages }) => ({
        messages: new Proxy(messages, {
          get: (target, name) => {
            const value = Reflect.get(target, name);
            if (name !== "setFlags") return typeof value === "function" ? value.bind(target) : value;
            return async (...args: Parameters<typeof messages.setFlags>) => {
              const action = meddle;
              meddle = null;
              await action?.();
              return await target.setFlags(...args);
            };
          },
        }),
      })),
  });
  await harness.append("INBOX", "Subject: x\r\n\r\n");
  await harness.append("INBOX", "Subject: y\r\n\r\n");
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  const id = (await harness.store.mailboxes.get("alice@example.com", "INBOX"))!.id;
  meddle = () => harness.store.messages.setFlags(id, [[1, 2]], { kind: "add", flags: ["\\Flagged"] });
  assert.deepEqual(await command(client, "STORE 1 +FLAGS.SILENT (\\Seen)"), [
    "* 1 FETCH (FLAGS (\\Flagged \\Recent))",
    "* 2 FETCH (FLAGS (\\Flagged \\Recent))",
    "OK Flags stored",
  ]);
  assert.deepEqual(await command(client, "FETCH 1 FLAGS"), [
    "* 1 FETCH (FLAGS (\\Seen \\Flagged \\Recent))",
    "OK Fetched",
  ]);
  assert.deepEqual(await command(client, "NOOP"), ["OK Nothing done"]);
});

Deno.test("a large mailbox is told message by message, and pipelined answers share a write", async () => {
  await using harness = new ImapHarness();
  for (let i = 0; i < 3000; i++) await harness.append("INBOX", "Subject: x\r\n\r\n");
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  const lines = await command(client, "UID FETCH 1:* (UID FLAGS)");
  assert.equal(lines.length, 3001);
  assert.equal(lines[2999], "* 3000 FETCH (UID 3000 FLAGS (\\Recent))");
  const stored = await command(client, "STORE 1:* +FLAGS (\\Deleted)");
  assert.equal(stored.length, 3001);
  const gone = await command(client, "EXPUNGE");
  assert.equal(gone.length, 3001);
  const before = client.writes.length;
  client.write("a NOOP\r\nb NOOP\r\nt NOOP\r\n");
  await answer(client);
  assert.equal(client.writes.length, before + 1);
});
