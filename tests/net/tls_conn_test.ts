import assert from "node:assert/strict";
import { decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import { ConnectionLostError, TimeoutError } from "../../src/core/errors.ts";
import type { Conn, TlsInfo } from "../../src/core/ports.ts";
import { type ClientConn, connect } from "../../src/net/connect.ts";
import { echo, type Harness, readAll, readRaw, startListener, startRelay, testTls } from "./harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";

// Every test of this file fails, too, when anything ends as an unhandled rejection or leaves a socket or a timer open.

function dial({ port }: Harness): Promise<ClientConn> {
  return connect({ host: "127.0.0.1", port, timeoutMs: PATIENCE_MS, id: "client" });
}

async function expectText(conn: Conn, text: string): Promise<void> {
  assert.equal(decodeUtf8((await conn.read(PATIENCE_MS))!), text);
}

/** Says 220 to the first line, does the handshake and echoes; what the handshake threw lands in `failures`. */
function upgrading(failures: unknown[] = [], infos: unknown[] = []): (conn: Conn) => Promise<void> {
  return async (conn) => {
    await conn.read(PATIENCE_MS);
    await conn.write(encodeUtf8("220 go ahead\r\n"));
    try {
      await conn.startTls();
    } catch (error) {
      failures.push(error);
      return;
    }
    infos.push(conn.tls);
    await echo(conn);
  };
}

async function upgrade(client: ClientConn, servername = "localhost", verify = false): Promise<void> {
  await client.write(encodeUtf8("STARTTLS\r\n"));
  await expectText(client, "220 go ahead\r\n");
  await client.startClientTls({ servername, verify, timeoutMs: PATIENCE_MS });
}

Deno.test("net: STARTTLS on one connection, with version, cipher and name known on both sides", async () => {
  await using tls = await testTls();
  const infos: unknown[] = [];
  await using server = await startListener(upgrading([], infos), { tls });
  const client = await dial(server);
  assert.ok(client.tls === null);
  await upgrade(client);
  await client.write(encodeUtf8("secret"));
  await expectText(client, "secret");
  const info = client.tls as TlsInfo | null;
  assert.equal(info?.version, "TLSv1.3");
  assert.match(info.cipher, /^TLS_[A-Z0-9_]+$/);
  assert.deepEqual(infos, [{ version: "TLSv1.3", cipher: info.cipher, servername: "localhost" }]);
  client.close();
});

Deno.test("net: whatever name the client says or leaves out, there is a certificate", async () => {
  await using tls = await testTls();
  const infos: { servername: string | null }[] = [];
  await using server = await startListener(upgrading([], infos), { tls });
  for (const name of ["other.example", "127.0.0.1", "mx_1.example.com", "MX.Example.Com"]) {
    const client = await dial(server);
    await upgrade(client, name);
    await client.write(encodeUtf8(name));
    await expectText(client, name);
    client.close();
  }
  assert.deepEqual(infos.map(({ servername }) => servername), [
    "other.example",
    null,
    null,
    "mx.example.com",
  ]);
});

Deno.test("net: a client that verifies refuses a certificate nobody vouches for", async () => {
  await using tls = await testTls();
  const failures: unknown[] = [];
  await using server = await startListener(upgrading(failures), { tls });
  const client = await dial(server);
  await assert.rejects(upgrade(client, "localhost", true), /TLS handshake failed: .*certificate/);
  await assert.rejects(client.read(1000), ConnectionLostError);
  client.close();
  await server.idle();
  assert.ok(failures[0] instanceof ConnectionLostError);
});

Deno.test("net: garbage instead of a ClientHello ends the connection and nothing else", async () => {
  await using tls = await testTls();
  const failures: unknown[] = [];
  await using server = await startListener(upgrading(failures), { tls });
  const garbage = [
    encodeUtf8("EHLO evil\r\nMAIL FROM:<>\r\n"),
    new Uint8Array(70_000).fill(0x16),
    Uint8Array.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3),
    new Uint8Array(1),
  ];
  for (const bytes of garbage) {
    const raw = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await raw.write(encodeUtf8("STARTTLS\r\n"));
    await raw.read(new Uint8Array(100));
    await raw.write(bytes).catch(() => {});
    await raw.closeWrite().catch(() => {});
    await readRaw(raw);
    raw.close();
  }
  await server.idle();
  assert.equal(failures.length, garbage.length);
  assert.ok(failures.every((error) => error instanceof ConnectionLostError), String(failures));
  const client = await dial(server);
  await upgrade(client);
  client.close();
});

Deno.test("net: clients that vanish during the handshake", async () => {
  await using tls = await testTls();
  const failures: unknown[] = [];
  await using server = await startListener(upgrading(failures), { tls });
  for (let i = 0; i < 10; i++) {
    const raw = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await raw.write(encodeUtf8("STARTTLS\r\n"));
    // Half of them leave unread bytes behind, which makes it a reset.
    if (i % 2 === 0) await raw.read(new Uint8Array(100));
    raw.close();
  }
  while (failures.length < 10) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.idle();
  assert.deepEqual(server.log.of("session-failed"), []);
});

Deno.test("net: a handshake that goes on too long is a TimeoutError, on either side", async () => {
  await using tls = await testTls();
  const failures: unknown[] = [];
  await using server = await startListener(upgrading(failures), { tls, limits: { handshakeTimeoutMs: 50 } });
  const silent = await dial(server);
  await silent.write(encodeUtf8("STARTTLS\r\n"));
  await silent.read(PATIENCE_MS);
  assert.equal(await readAll(silent).catch(() => ""), "");
  silent.close();
  assert.ok(failures[0] instanceof TimeoutError);

  await using mute = await startListener(async (conn) => {
    while (await conn.read(PATIENCE_MS) !== null);
  });
  const client = await dial(mute);
  await assert.rejects(
    client.startClientTls({ servername: "localhost", verify: false, timeoutMs: 50 }),
    TimeoutError,
  );
  client.close();
});

Deno.test("net: implicit TLS: who does not speak it never reaches the session", async () => {
  await using tls = await testTls();
  let sessions = 0;
  await using server = await startListener(async (conn) => {
    sessions++;
    await echo(conn);
  }, { tls, implicitTls: true });
  const raw = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await raw.write(encodeUtf8("EHLO plain\r\n"));
  await readRaw(raw);
  raw.close();
  await server.idle();
  assert.equal(sessions, 0);
  assert.equal(server.log.of("tls-failed").length, 1);
  assert.equal(server.metrics.counters.get("mailden_tls_failures_total{service=test}"), 1);
  assert.deepEqual(server.log.of("session-failed"), []);
});

Deno.test("net: a client that vanishes under TLS ends a read and a write", async () => {
  await using tls = await testTls();
  const outcomes: unknown[] = [];
  await using server = await startListener(async (conn) => {
    try {
      for (;;) await conn.write(new Uint8Array(1 << 18));
    } catch (error) {
      outcomes.push(error);
    }
  }, { tls, implicitTls: true });
  for (let i = 0; i < 5; i++) {
    await using wire = await startRelay(server.port);
    const client = await connect({ host: "127.0.0.1", port: wire.port, timeoutMs: PATIENCE_MS, id: "c" });
    await client.startClientTls({ servername: "localhost", verify: false, timeoutMs: PATIENCE_MS });
    assert.ok(await client.read(PATIENCE_MS));
    wire.cut();
    client.close();
  }
  while (outcomes.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.idle();
  assert.ok(outcomes.every((error) => error instanceof ConnectionLostError), String(outcomes));
});

Deno.test("net: a client that floods a session that does not read is made to wait, under TLS too", async () => {
  await using tls = await testTls();
  const done = Promise.withResolvers<void>();
  await using server = await startListener(() => done.promise, { tls, implicitTls: true });
  const client = await connect({
    host: "127.0.0.1",
    port: server.port,
    timeoutMs: PATIENCE_MS,
    writeTimeoutMs: 500,
    id: "c",
  });
  await client.startClientTls({ servername: "localhost", verify: false, timeoutMs: PATIENCE_MS });
  let written = 0;
  await assert.rejects(async () => {
    for (; written < 64; written++) await client.write(new Uint8Array(1 << 20));
  }, TimeoutError);
  assert.ok(written < 32, `${written} MiB were taken`);
  client.close();
  done.resolve();
});

Deno.test("net: TLS cannot begin twice, without a certificate, or during a read", async () => {
  await using tls = await testTls();
  await using plain = await startListener(async (conn) => {
    await assert.rejects(conn.startTls(), /not configured/);
  });
  const first = await dial(plain);
  assert.equal(await readAll(first), "");
  first.close();
  await using server = await startListener(async (conn) => {
    const reading = conn.read(PATIENCE_MS);
    await assert.rejects(conn.startTls(), /no read or write is under way/);
    await reading;
    await conn.write(encodeUtf8("go"));
    await conn.startTls();
    await assert.rejects(conn.startTls(), /begun already/);
  }, { tls });
  const second = await dial(server);
  await second.write(encodeUtf8("x"));
  await expectText(second, "go");
  await second.startClientTls({ servername: "localhost", verify: false, timeoutMs: PATIENCE_MS });
  assert.equal(await readAll(second), "");
  second.close();
  await server.idle();
  assert.deepEqual([...plain.log.of("session-failed"), ...server.log.of("session-failed")], []);
});

Deno.test("net: what came in clear before TLS is not read as if it had come under TLS (RFC 3207 section 4.2)", async () => {
  await using tls = await testTls();
  const failures: unknown[] = [];
  await using server = await startListener(upgrading(failures), { tls });
  const raw = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await raw.write(encodeUtf8("STARTTLS\r\n"));
  await raw.read(new Uint8Array(100));
  // Injected between the reply and the handshake: it must never reach the session.
  await raw.write(encodeUtf8("NOOP\r\n"));
  await readRaw(raw);
  raw.close();
  await server.idle();
  assert.equal(failures.length, 1);
});
