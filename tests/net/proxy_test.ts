import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeUtf8 } from "../../src/core/bytes.ts";
import type { Conn } from "../../src/core/ports.ts";
import { connect } from "../../src/net/connect.ts";
import { Networks } from "../../src/net/networks.ts";
import { systemClock } from "../../src/net/system.ts";
import { live } from "../support/fakes.ts";
import { startListener, testTls } from "./harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";

const LOOPBACK = live(new Networks(["127.0.0.0/8"]));
const HEADER = "PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n";

/** Says who the client is, then repeats what comes. */
async function echo(conn: Conn): Promise<void> {
  await conn.write(
    encodeUtf8(
      `${conn.remote.host}:${conn.remote.port} ${conn.local.host} ${conn.tls === null ? "" : "tls"}\n`,
    ),
  );
  for (let chunk = await conn.read(PATIENCE_MS); chunk !== null; chunk = await conn.read(PATIENCE_MS)) {
    await conn.write(chunk);
  }
}

async function exchange(port: number, pieces: readonly string[]): Promise<string> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    for (const piece of pieces) await socket.write(encodeUtf8(piece));
    await socket.closeWrite();
    return await new Response(socket.readable).text();
  } catch {
    return "reset";
  }
}

Deno.test("the client is the one that the proxy announces, however the header is cut", async () => {
  await using running = await startListener(echo, { proxies: LOOPBACK });
  for (const pieces of [[HEADER, "hello"], [HEADER + "hello"], [...HEADER + "hello"]]) {
    assert.equal(await exchange(running.port, pieces), "198.51.100.7:40000 192.0.2.1 \nhello");
  }
  assert.match(
    await exchange(running.port, ["PROXY UNKNOWN\r\nhello"]),
    /^127\.0\.0\.1:\d+ 127\.0\.0\.1 \nhello$/,
  );
  await running.idle();
});

Deno.test("without a header, or with garbage, the connection closes and the log says so", async () => {
  await using running = await startListener(echo, { proxies: LOOPBACK, limits: { handshakeTimeoutMs: 200 } });
  for (const text of ["EHLO client.example\r\n", "PROXY TCP4 x\r\n", ""]) {
    assert.match(await exchange(running.port, [text]), /^(reset)?$/);
  }
  // One that says nothing at all.
  const silent = await Deno.connect({ hostname: "127.0.0.1", port: running.port });
  assert.equal(await silent.read(new Uint8Array(10)).catch(() => null), null);
  silent.close();
  await running.idle();
  assert.equal(running.log.of("proxy-header-missing").length, 4);
});

Deno.test("whoever is no proxy sends no header: it would be what the client says", async () => {
  await using running = await startListener(echo, { proxies: live(new Networks(["192.0.2.7"])) });
  assert.match(await exchange(running.port, [HEADER]), /^127\.0\.0\.1:\d+ 127\.0\.0\.1 \nPROXY TCP4/);
});

Deno.test("connections are counted for the announced client", async () => {
  await using running = await startListener(echo, {
    proxies: LOOPBACK,
    limits: { connectionsPerAddress: 1 },
  });
  const first = await Deno.connect({ hostname: "127.0.0.1", port: running.port });
  await first.write(encodeUtf8(HEADER));
  await first.read(new Uint8Array(100));
  assert.equal(await exchange(running.port, [HEADER]), "421 too-many-from-address\r\n");
  assert.match(await exchange(running.port, [HEADER.replace("100.7", "100.8")]), /^198\.51\.100\.8/);
  first.close();
  await running.idle();
});

Deno.test("the header comes before TLS", async () => {
  await using tls = await testTls();
  await using running = await startListener(echo, {
    proxies: LOOPBACK,
    tls,
    implicitTls: true,
  });
  const client = await connect({ host: "127.0.0.1", port: running.port, timeoutMs: PATIENCE_MS, id: "c" });
  await client.write(encodeUtf8(HEADER));
  await client.startClientTls({ servername: "mx.example.com", verify: false, timeoutMs: PATIENCE_MS });
  const line = await client.read(PATIENCE_MS);
  assert.equal(new TextDecoder().decode(line!), "198.51.100.7:40000 192.0.2.1 tls\n");
  client.close();
});

Deno.test("only listed clients may come in", async () => {
  await using running = await startListener(echo, { clients: live(new Networks(["192.0.2.7"])) });
  assert.equal(await exchange(running.port, []), "421 not-allowed\r\n");
  await running.idle();
});

Deno.test("a unix socket: who comes is this machine, and its file goes with the listener", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "lmtp.sock");
  try {
    // A socket that a killed server left behind.
    await Deno.rename(await leftOver(join(folder, "x")), path);
    {
      await using running = await startListener(echo, {
        endpoint: { host: "", port: 0, path },
        clients: LOOPBACK,
        proxies: LOOPBACK,
      });
      assert.deepEqual(running.listener.endpoint, { host: "", port: 0, path });
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o660);
      const socket = await Deno.connect({ transport: "unix", path });
      await socket.write(encodeUtf8("hello"));
      await socket.closeWrite();
      assert.equal(await new Response(socket.readable).text(), "127.0.0.1:0 127.0.0.1 \nhello");
    }
    // The runtime takes it away when the last accept has ended.
    while (await isThere(path)) await systemClock.sleep(1);
    await Deno.writeTextFile(path, "precious");
    await assert.rejects(
      startListener(echo, { endpoint: { host: "", port: 0, path } }),
      /is no socket; move it away/,
    );
    assert.equal(await Deno.readTextFile(path), "precious");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Its file outlives the listener, which removes what stands under the name it was given. */
async function leftOver(path: string): Promise<string> {
  const listener = Deno.listen({ transport: "unix", path });
  await Deno.rename(path, `${path}.moved`);
  listener.close();
  return `${path}.moved`;
}
