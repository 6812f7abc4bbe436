import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import type { Conn } from "../../src/core/ports.ts";
import { limitKey, plainAddress } from "../../src/net/address.ts";
import { connect } from "../../src/net/connect.ts";
import { defaultListenLimits, Gate } from "../../src/net/gate.ts";
import { listen } from "../../src/net/listen.ts";
import { live, silentLog, silentMetrics } from "../support/fakes.ts";
import { echo, readAll, readRaw, startListener, testTls } from "./harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";

function dial(port: number, host = "127.0.0.1", localAddress?: string) {
  const from = localAddress === undefined ? {} : { localAddress };
  return connect({ host, port, timeoutMs: PATIENCE_MS, id: "client", ...from });
}

/** A program that opens connections and resets them. */
function resetConnections(port: number, count: number): string {
  return `import net from "node:net";
    for (let i = 0; i < ${count}; i++) {
      const socket = net.connect({ host: "127.0.0.1", port: ${port} });
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.resetAndDestroy();
    }
    Deno.exit(0);`;
}

async function answers(conn: Conn): Promise<boolean> {
  await conn.write(encodeUtf8("ping"));
  return decodeUtf8((await conn.read(PATIENCE_MS))!) === "ping";
}

Deno.test("net: so many connections at once, and the next is told why not", async () => {
  await using server = await startListener(echo, { limits: { connections: 2 } });
  const first = await dial(server.port);
  const second = await dial(server.port);
  assert.ok(await answers(first) && await answers(second));
  assert.equal(server.listener.sessions, 2);
  const third = await dial(server.port);
  assert.equal(await readAll(third), "421 too-many\r\n");
  third.close();
  assert.deepEqual(server.log.of("connection-refused").map(({ fields }) => fields.why), ["too-many"]);
  assert.equal(
    server.metrics.counters.get("mailden_connections_refused_total{service=test,why=too-many}"),
    1,
  );
  first.close();
  second.close();
  await server.idle();
  assert.equal(server.metrics.gauges.get("mailden_sessions{service=test}"), 0);
  const again = await dial(server.port);
  assert.ok(await answers(again));
  again.close();
});

Deno.test("net: so many connections from one address", async () => {
  await using server = await startListener(echo, { limits: { connectionsPerAddress: 1 } });
  const first = await dial(server.port, "127.0.0.1", "127.0.0.2");
  assert.equal(first.local.host, "127.0.0.2");
  assert.ok(await answers(first));
  const refused = await dial(server.port, "127.0.0.1", "127.0.0.2");
  assert.equal(await readAll(refused), "421 too-many-from-address\r\n");
  const other = await dial(server.port, "127.0.0.1", "127.0.0.3");
  assert.ok(await answers(other));
  for (const conn of [first, refused, other]) conn.close();
});

Deno.test("net: a refused TLS client gets no text it could not read; a flood of refusals is logged once", async () => {
  await using tls = await testTls();
  await using server = await startListener(echo, { tls, implicitTls: true, limits: { connections: 0 } });
  for (let i = 0; i < 20; i++) {
    const raw = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    assert.equal(await readRaw(raw), "");
    raw.close();
  }
  assert.ok(server.log.of("connection-refused").length < 5);
});

Deno.test("net: clients that reset before they are accepted keep nobody waiting, and fill no log", async () => {
  await using server = await startListener(echo);
  // Another process, and we stand still meanwhile: so they are in the line, and gone, before we accept the first one.
  const { success } = new Deno.Command(Deno.execPath(), {
    args: ["eval", resetConnections(server.port, 60)],
  }).outputSync();
  assert.ok(success);
  const client = await dial(server.port);
  assert.ok(await answers(client));
  client.close();
  // Each of these would stand for a pause.
  assert.deepEqual(server.log.of("accept-failed"), []);
  assert.ok(server.metrics.counters.get("mailden_connections_gone_total{service=test}")! > 50);
});

Deno.test("net: close stops accepting and lets sessions go on", async () => {
  await using server = await startListener(echo);
  const client = await dial(server.port);
  assert.ok(await answers(client));
  server.listener.close();
  server.listener.close();
  await assert.rejects(dial(server.port), /Cannot connect/);
  assert.ok(await answers(client));
  client.close();
});

Deno.test("net: a session that throws is logged, and its connection closed", async () => {
  await using server = await startListener(() => Promise.reject(new Error("Our fault")));
  const client = await dial(server.port);
  assert.equal(await readAll(client), "");
  client.close();
  await server.idle();
  const [entry] = server.log.of("session-failed");
  assert.equal(entry?.level, "error");
  assert.equal(entry.fields.reason, "Our fault");
  assert.ok(typeof entry.fields.session === "string" && entry.fields.session.length > 10);
});

Deno.test("net: an empty host means every address, and IPv4 clients look like IPv4 clients", async () => {
  const seen: Conn[] = [];
  await using server = await startListener((conn) => {
    seen.push(conn);
    return echo(conn);
  }, { endpoint: { host: "", port: 0 } });
  const client = await dial(server.port);
  assert.ok(await answers(client));
  assert.equal(seen[0]?.remote.host, "127.0.0.1");
  assert.equal(seen[0].local.host, "127.0.0.1");
  client.close();
});

Deno.test("net: a port that is taken is refused with advice", async () => {
  await using server = await startListener(echo);
  const options = {
    endpoint: { host: "127.0.0.1", port: server.port },
    tls: null,
    implicitTls: false,
    limits: live(defaultListenLimits),
    log: silentLog,
    metrics: silentMetrics,
    name: "smtp",
    refusal: () => null,
    onConnection: echo,
  };
  await assert.rejects(
    listen(options),
    new RegExp(`Cannot listen on 127.0.0.1:${server.port} for smtp: another program uses this port`),
  );
  await assert.rejects(listen({ ...options, implicitTls: true }), /needs a certificate/);
  await assert.rejects(listen({ ...options, endpoint: { host: "192.0.2.1", port: 0 } }), /no such address/);
});

Deno.test("net: connections are counted per IPv4 address and per IPv6 /64", () => {
  const cases: [string, string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["::1", "0:0:0:0::/64"],
  ];
  for (const [host, key] of cases) assert.equal(limitKey(host), key, host);
  assert.equal(plainAddress("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(plainAddress("2001:DB8:0:0::1"), "2001:db8::1");
});

Deno.test("net: the gate never lets in more than its limits, and forgets who has left", () => {
  const event = fc.tuple(fc.constantFrom("in", "out"), fc.nat(4));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const gate = new Gate(live({ ...defaultListenLimits, connections: 6, connectionsPerAddress: 2 }));
      const inside = new Map<string, number>();
      const total = () => [...inside.values()].reduce((sum, count) => sum + count, 0);
      for (const [what, who] of events) {
        const host = `192.0.2.${who}`;
        const count = inside.get(host) ?? 0;
        if (what === "in") {
          const expected = total() >= 6 ? "too-many" : count >= 2 ? "too-many-from-address" : null;
          assert.equal(gate.enter(host), expected);
          if (expected === null) inside.set(host, count + 1);
        } else if (count > 0) {
          gate.leave(host);
          inside.set(host, count - 1);
        }
        assert.equal(gate.total, total());
      }
    }),
    { numRuns: 200 },
  );
});
