import assert from "node:assert/strict";
import { decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import { ConnectionLostError, TimeoutError } from "../../src/core/errors.ts";
import type { Conn } from "../../src/core/ports.ts";
import { type ClientConn, connect } from "../../src/net/connect.ts";
import { systemClock } from "../../src/net/system.ts";
import { echo, type HarnessOptions, readAll, readRaw, startListener, testTls } from "./harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";

// Every test of this file fails, too, when anything ends as an unhandled rejection or leaves a socket or a timer open.

function dial(port: number, timeoutMs = PATIENCE_MS): Promise<ClientConn> {
  return connect({ host: "127.0.0.1", port, timeoutMs, id: "client" });
}

function dialRaw(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

/** Runs a test in clear and over TLS. */
function bothWays(
  name: string,
  test: (options: HarnessOptions, dial: (port: number) => Promise<ClientConn>) => Promise<void>,
) {
  Deno.test(`net: ${name}, in clear`, () => test({}, dial));
  Deno.test(`net: ${name}, over TLS`, async () => {
    await using tls = await testTls();
    await test({ tls, implicitTls: true }, async (port) => {
      const conn = await dial(port);
      await conn.startClientTls({ servername: "localhost", verify: false, timeoutMs: PATIENCE_MS });
      return conn;
    });
  });
}

bothWays("what is said comes back, with both ends known", async (options, dial) => {
  const seen: Conn[] = [];
  await using server = await startListener((conn) => {
    seen.push(conn);
    return echo(conn);
  }, options);
  const client = await dial(server.port);
  for (const text of ["a", "bc", "x".repeat(5000)]) {
    await client.write(encodeUtf8(text));
    let got = "";
    while (got.length < text.length) got += decodeUtf8((await client.read(PATIENCE_MS))!);
    assert.equal(got, text);
  }
  assert.deepEqual(seen[0]?.remote, client.local);
  assert.deepEqual(seen[0]?.local, client.remote);
  assert.equal(client.remote.port, server.port);
  assert.equal(client.remote.host, "127.0.0.1");
  client.close();
  await server.idle();
  assert.equal(await seen[0]!.read(1000), null);
});

bothWays("16 MB go through both ways, whatever the sizes of reads", async (options, dial) => {
  await using server = await startListener(echo, options);
  const client = await dial(server.port);
  const block = new Uint8Array(256 * 1024).map((_, i) => i * 31 >> 3);
  const blocks = 64;
  let at = 0;
  const reading = (async () => {
    while (at < block.length * blocks) {
      const chunk = await client.read(PATIENCE_MS);
      assert.ok(chunk !== null && chunk.length > 0);
      for (let i = 0; i < chunk.length; i += 997) {
        if (chunk[i] !== block[(at + i) % block.length]) assert.fail(`Wrong byte at ${at + i}`);
      }
      at += chunk.length;
    }
  })();
  for (let i = 0; i < blocks; i++) await client.write(block);
  await reading;
  assert.equal(at, block.length * blocks);
  client.close();
});

bothWays("chunks belong to the caller", async (options, dial) => {
  await using server = await startListener(echo, options);
  const client = await dial(server.port);
  const kept: Uint8Array[] = [];
  for (let i = 0; i < 20; i++) {
    await client.write(new Uint8Array(1 + i * 300).fill(i));
    for (let length = 0; length < 1 + i * 300;) {
      const chunk = (await client.read(PATIENCE_MS))!;
      length += chunk.length;
      assert.ok(chunk.every((byte) => byte === i));
      kept.push(chunk);
    }
  }
  let last = -1;
  for (const chunk of kept) {
    assert.ok(chunk.every((byte) => byte === chunk[0]), "a later read has overwritten it");
    assert.ok(chunk[0]! >= last);
    last = chunk[0]!;
  }
  client.close();
});

bothWays("a read that takes too long fails, and what comes then is not lost", async (options, dial) => {
  await using server = await startListener(async (conn) => {
    await conn.write(encodeUtf8("ready"));
    await assert.rejects(conn.read(20), TimeoutError);
    await assert.rejects(conn.read(20), TimeoutError);
    await conn.write(encodeUtf8("421 too slow"));
    assert.equal(decodeUtf8((await conn.read(PATIENCE_MS))!), "late");
    await conn.write(encodeUtf8("."));
  }, options);
  const client = await dial(server.port);
  let text = "";
  while (!text.endsWith("slow")) text += decodeUtf8((await client.read(PATIENCE_MS))!);
  assert.equal(text, "ready421 too slow");
  await client.write(encodeUtf8("late"));
  assert.equal(await readAll(client), ".");
  client.close();
  await server.idle();
  assert.deepEqual(server.log.of("session-failed"), []);
});

bothWays("a client that stops reading makes its writer wait, then fail", async (options, dial) => {
  let written = 0;
  const failed = Promise.withResolvers<unknown>();
  await using server = await startListener(async (conn) => {
    try {
      for (;;) {
        await conn.write(new Uint8Array(1 << 20));
        written++;
      }
    } catch (error) {
      failed.resolve(error);
    }
    // Nothing sensible can follow half a write.
    await assert.rejects(conn.write(encodeUtf8("421")), TimeoutError);
  }, { ...options, limits: { writeTimeoutMs: 300 } });
  const client = await dial(server.port);
  assert.ok(await failed.promise instanceof TimeoutError);
  assert.ok(written < 64, `${written} MiB were taken for a client that reads nothing`);
  client.close();
  await server.idle();
  assert.deepEqual(server.log.of("session-failed"), []);
});

Deno.test("net: half a close keeps the other half open", async () => {
  await using server = await startListener(async (conn) => {
    const text = await readAll(conn);
    await conn.write(encodeUtf8(`got ${text}`));
  });
  const raw = await dialRaw(server.port);
  await raw.write(encodeUtf8("question"));
  await raw.closeWrite();
  assert.equal(await readRaw(raw), "got question");
  raw.close();
});

bothWays(
  "close flushes what was written, also when the other side goes on talking",
  async (options, dial) => {
    const reply = "x".repeat(300_000);
    await using server = await startListener(async (conn) => {
      await conn.read(PATIENCE_MS);
      const writing = conn.write(encodeUtf8(reply));
      conn.close();
      conn.close();
      await writing;
    }, options);
    const client = await dial(server.port);
    await client.write(encodeUtf8("QUIT\r\n"));
    await client.write(encodeUtf8("and more that nobody will read\r\n"));
    assert.equal(await readAll(client), reply);
    client.close();
    await server.idle();
  },
);

bothWays("a client that never closes does not hold its connection for long", async (options, dial) => {
  await using server = await startListener(async (conn) => {
    await conn.write(encodeUtf8("221 bye"));
  }, options);
  const client = await dial(server.port);
  assert.equal(await readAll(client), "221 bye");
  await server.idle();
  client.close();
});

bothWays("after close nothing is read or written", async (options, dial) => {
  await using server = await startListener(async (conn) => {
    const reading = conn.read(PATIENCE_MS);
    conn.close();
    assert.equal(await reading, null);
    assert.equal(await conn.read(PATIENCE_MS), null);
    await assert.rejects(conn.write(encodeUtf8("x")), ConnectionLostError);
  }, options);
  const client = await dial(server.port);
  assert.equal(await readAll(client), "");
  client.close();
  await server.idle();
  assert.deepEqual(server.log.of("session-failed"), []);
});

bothWays("two reads or two writes at once are a mistake of ours", async (options, dial) => {
  await using server = await startListener(async (conn) => {
    const reading = conn.read(PATIENCE_MS);
    await assert.rejects(conn.read(PATIENCE_MS), /one at a time/);
    const writing = conn.write(encodeUtf8("a"));
    await assert.rejects(conn.write(encodeUtf8("b")), /one at a time/);
    await writing;
    await reading;
  }, options);
  const client = await dial(server.port);
  assert.equal(decodeUtf8((await client.read(PATIENCE_MS))!), "a");
  client.close();
  await server.idle();
  assert.deepEqual(server.log.of("session-failed"), []);
});

bothWays("a read that a session left behind harms nobody", async (options, dial) => {
  await using server = await startListener(async (conn) => {
    // As in IDLE: whichever comes first; the read is left alone and times out.
    await Promise.race([conn.read(10), systemClock.sleep(1)]);
    await systemClock.sleep(30);
  }, options);
  const client = await dial(server.port);
  assert.equal(await readAll(client), "");
  client.close();
});

/** Closes so that the peer gets a reset: there are unread bytes in the socket. */
async function resetting(port: number, afterwards: (raw: Deno.TcpConn) => Promise<unknown>): Promise<void> {
  const raw = await dialRaw(port);
  await afterwards(raw);
  raw.close();
}

Deno.test("net: a reset ends a read with ConnectionLostError, or as the end", async () => {
  const outcome = Promise.withResolvers<unknown>();
  await using server = await startListener(async (conn) => {
    await conn.write(encodeUtf8("greeting that is never read"));
    outcome.resolve(await conn.read(PATIENCE_MS).catch((error) => error));
  });
  await resetting(server.port, () => systemClock.sleep(30));
  const result = await outcome.promise;
  assert.ok(result === null || result instanceof ConnectionLostError, String(result));
  await server.idle();
  assert.deepEqual(server.log.of("session-failed"), []);
});

Deno.test("net: clients that vanish during a write end it", async () => {
  const outcomes: unknown[] = [];
  await using server = await startListener(async (conn) => {
    try {
      for (;;) await conn.write(new Uint8Array(1 << 18));
    } catch (error) {
      outcomes.push(error);
      throw error;
    }
  });
  for (let i = 0; i < 5; i++) {
    await resetting(server.port, (raw) => raw.read(new Uint8Array(10)));
  }
  while (outcomes.length < 5) await systemClock.sleep(5);
  await server.idle();
  assert.ok(outcomes.every((error) => error instanceof ConnectionLostError));
  // What a client does is no failure of ours.
  assert.deepEqual(server.log.of("session-failed"), []);
  assert.equal(server.log.of("connection-lost").length, 5);
});

Deno.test("net: connect and vanish at once, many times", async () => {
  await using server = await startListener(echo);
  for (let i = 0; i < 50; i++) (await dialRaw(server.port)).close();
  const client = await dial(server.port);
  await client.write(encodeUtf8("still here"));
  assert.equal(decodeUtf8((await client.read(PATIENCE_MS))!), "still here");
  client.close();
});
