import assert from "node:assert/strict";
import { decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import { ConnectionLostError, TimeoutError } from "../../src/core/errors.ts";
import { connect } from "../../src/net/connect.ts";
import { freePort } from "../support/ports.ts";
import { echo, readAll, startListener, testTls } from "./harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";

const LOCAL_ADDRESSES = [{}, { localAddress: "127.0.0.9" }];

Deno.test("net: connect to a port where nobody listens", async () => {
  for (const from of LOCAL_ADDRESSES) {
    await assert.rejects(
      connect({ host: "127.0.0.1", port: freePort(), timeoutMs: PATIENCE_MS, id: "c", ...from }),
      (error) =>
        error instanceof ConnectionLostError && /Cannot connect to 127\.0\.0\.1:/.test(error.message),
    );
  }
});

Deno.test("net: connect takes addresses only", async () => {
  await assert.rejects(
    connect({ host: "localhost", port: 25, timeoutMs: 1000, id: "c" }),
    /needs an IP address/,
  );
});

Deno.test("net: connect gives up after its time", async () => {
  // A socket that is bound and listens, but whose queue is full, answers no SYN.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const filling: Deno.TcpConn[] = [];
  const { port } = listener.addr;
  const giveUp = new AbortController();
  for (let i = 0; i < 8; i++) {
    Deno.connect({ hostname: "127.0.0.1", port, signal: giveUp.signal }).then(
      (conn) => filling.push(conn),
      () => {},
    );
  }
  // The kernel takes one more than the queue's length.
  while (filling.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const from of LOCAL_ADDRESSES) {
    await assert.rejects(
      connect({ host: "127.0.0.1", port, timeoutMs: 100, id: "c", ...from }),
      TimeoutError,
    );
  }
  giveUp.abort();
  listener.close();
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (const conn of filling) conn.close();
});

Deno.test("net: connect ends when its signal aborts", async () => {
  for (const from of LOCAL_ADDRESSES) {
    await assert.rejects(
      connect({
        host: "127.0.0.1",
        port: 9,
        timeoutMs: PATIENCE_MS,
        id: "c",
        signal: AbortSignal.abort(),
        ...from,
      }),
      ConnectionLostError,
    );
  }
});

Deno.test("net: from a chosen local address, in clear and over TLS, everything works as well", async () => {
  await using tls = await testTls();
  for (const withTls of [false, true]) {
    await using server = await startListener(echo, { tls, implicitTls: withTls });
    const client = await connect({
      host: "127.0.0.1",
      port: server.port,
      timeoutMs: PATIENCE_MS,
      localAddress: "127.0.0.9",
      id: "c",
    });
    assert.equal(client.local.host, "127.0.0.9");
    assert.equal(client.id, "c");
    if (withTls) {
      await client.startClientTls({ servername: "localhost", verify: false, timeoutMs: PATIENCE_MS });
    }
    const text = "x".repeat(300_000);
    const writing = client.write(encodeUtf8(text));
    let got = "";
    while (got.length < text.length) got += decodeUtf8((await client.read(PATIENCE_MS))!);
    await writing;
    assert.equal(got, text);
    await assert.rejects(client.read(20), TimeoutError);
    const rest = readAll(client);
    client.close();
    assert.equal(await rest, "");
    await server.idle();
  }
});

Deno.test("net: a local address that is not ours", async () => {
  await assert.rejects(
    connect({ host: "127.0.0.1", port: 9, timeoutMs: PATIENCE_MS, localAddress: "192.0.2.7", id: "c" }),
    ConnectionLostError,
  );
});
