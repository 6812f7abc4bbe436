/** Replies that somebody on the way puts behind the 220 to STARTTLS, for the client to take as what was said inside TLS. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { RelaySettings } from "../../src/delivery/remote/mod.ts";
import { connect } from "../../src/net/connect.ts";
import { makeCertificate } from "../support/certificate.ts";
import { SmtpSink } from "../support/smtp_sink.ts";
import { makeAttempt, makeWorld, summary } from "./support.ts";

const zones = {
  "there.test": { mx: [[1, "mx.there.test"]] as const },
  "mx.there.test": { a: ["127.0.0.1"] },
};
const TO = ["bob@there.test"];
/** An answer to each command that follows, so that the message would seem to be taken. */
const INJECTED = [
  "250-evil.test\r\n250 AUTH PLAIN LOGIN", // EHLO
  "250 2.1.0 OK",
  "250 2.1.5 OK",
  "354 Go on",
  "250 2.0.0 Taken by evil.test",
];

Deno.test("tls: replies put behind the 220 to STARTTLS are no answers (RFC 3207 section 4.2)", async () => {
  const certificate = await makeCertificate({ names: ["mx.there.test"] });
  const table: readonly (readonly string[])[] = [
    INJECTED,
    INJECTED.slice(0, 1),
    // A line that does not end would be the beginning of the first true reply.
    ["250-evil.test\r\n250-AUTH PLAIN"],
    ["554 5.7.1 Go away"],
  ];
  for (const injected of table) {
    const starttls = ["220 2.0.0 Go ahead", ...injected].join("\r\n");
    await using sink = await SmtpSink.start({
      certificate,
      // The true host's answer is one that cannot be mistaken.
      behaviour: { starttls, final: "452 4.2.2 The true host has no room" },
    });
    await using world = makeWorld({ zones, settings: { port: sink.port } });
    assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), ["deferred 452 4.2.2"], starttls);
    assert.equal(sink.connections, 1);
    assert.equal(sink.messages.length, 1);
    assert.ok(sink.messages[0]!.tls, "The message went in clear");
    assert.deepEqual(sink.commands.slice(0, 3), [
      "0: EHLO mx.here.test",
      "0: STARTTLS",
      "0: EHLO mx.here.test",
    ]);
  }
});

/** Offers STARTTLS, says 220, waits for the first bytes of the handshake and answers them in clear. */
function startLateInjector(injected: string) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heard: string[] = [];

  async function serve(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (
      const words of [
        "220 there.test ESMTP",
        "250-there.test\r\n250 STARTTLS",
        "220 2.0.0 Go ahead",
        injected,
      ]
    ) {
      await conn.write(Buffer.from(`${words}\r\n`));
      const count = await conn.read(buffer);
      if (count === null) return;
      heard.push(Buffer.from(buffer.subarray(0, count)).toString("latin1"));
    }
  }

  const accepting = (async () => {
    for await (const conn of listener) {
      await serve(conn).catch(() => {});
      conn.close();
    }
  })();
  return {
    port: listener.addr.port,
    /** What the client said, read by read. */
    heard,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

Deno.test("tls: replies in the middle of the handshake end it, and no password or message follows", async () => {
  const trusting: typeof connect = async (options) => {
    const conn = await connect(options);
    const startClientTls = conn.startClientTls.bind(conn);
    conn.startClientTls = async (tls) => ({ ...await startClientTls(tls), problem: null });
    return conn;
  };
  await using peer = startLateInjector(INJECTED.join("\r\n"));
  const relay: RelaySettings = {
    host: "127.0.0.1",
    port: peer.port,
    user: "me",
    password: "secret",
    tls: "required",
  };
  await using world = makeWorld({ settings: { relay }, connect: trusting });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), ["deferred 451 4.7.5"]);
  const said = peer.heard.join("\n");
  assert.match(said, /^EHLO mx\.here\.test\r\n\nSTARTTLS\r\n\n\x16\x03/);
  for (const word of ["AUTH", "MAIL", "Subject"]) {
    assert.ok(!said.includes(word), `${word} was said after the injection`);
  }
});
