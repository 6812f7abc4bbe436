import assert from "node:assert/strict";
import { connect } from "../../src/net/connect.ts";
import type { RelaySettings } from "../../src/delivery/remote/mod.ts";
import { makeCertificate } from "../support/certificate.ts";
import { SmtpSink } from "../support/smtp_sink.ts";
import { startScriptPeer } from "./script_peer.ts";
import { makeAttempt, makeWorld, summary } from "./support.ts";

const zones = {
  "there.test": { mx: [[1, "mx.there.test"]] as const },
  "mx.there.test": { a: ["127.0.0.1"] },
};
const TO = ["bob@there.test"];
const RELAYED = ["relayed 250 2.0.0"];

Deno.test("tls: STARTTLS is used when offered, whatever the certificate", async () => {
  await using sink = await SmtpSink.start({ certificate: await makeCertificate({ names: ["other.test"] }) });
  await using world = makeWorld({ zones, settings: { port: sink.port } });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
  assert.ok(sink.accepted[0]!.tls);
  assert.match(String(world.log.of("delivery-attempt")[0]!.fields["tls"]), /^TLSv1\.[23]$/);
  assert.deepEqual(sink.commands.slice(0, 3), [
    "0: EHLO mx.here.test",
    "0: STARTTLS",
    "0: EHLO mx.here.test",
  ]);
});

Deno.test("tls: where the handshake fails the message goes in clear, on a new connection, and the log says so", async () => {
  await using peer = startScriptPeer([
    [/^EHLO/, "250-script.test\r\n250 STARTTLS"],
    // What follows is no TLS.
    [/^STARTTLS/, "220 Go ahead\r\n220 no TLS here"],
    [/^DATA/, "354 Go on"],
    [/^(MAIL|RCPT|\.$)/, "250 2.0.0 OK"],
  ]);
  await using world = makeWorld({ zones, settings: { port: peer.port } });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
  assert.equal(peer.connections, 2);
  assert.equal(world.log.of("tls-fallback").length, 1);
});

Deno.test("tls: a host that breaks off at STARTTLS gets the message in clear", async () => {
  await using sink = await SmtpSink.start({
    certificate: await makeCertificate({ names: ["mx.there.test"] }),
    behaviour: { drop: "starttls" },
  });
  await using world = makeWorld({ zones, settings: { port: sink.port } });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
  assert.ok(!sink.accepted[0]!.tls);
});

Deno.test("tls: a refused STARTTLS goes on in clear on the same connection", async () => {
  await using peer = startScriptPeer([
    [/^EHLO/, "250-script.test\r\n250 STARTTLS"],
    [/^STARTTLS/, "454 4.7.0 Not now"],
    [/^DATA/, "354 Go on"],
    [/^(MAIL|RCPT|\.$)/, "250 2.0.0 OK"],
  ]);
  await using world = makeWorld({ zones, settings: { port: peer.port } });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), RELAYED);
  assert.equal(peer.connections, 1);
});

function relayTo(port: number, options: Partial<RelaySettings> = {}): RelaySettings {
  return { host: "127.0.0.1", port, user: null, password: null, tls: "opportunistic", ...options };
}

Deno.test("relay: everything goes there, whatever DNS says", async () => {
  await using sink = await SmtpSink.start();
  await using world = makeWorld({ settings: { relay: relayTo(sink.port) } });
  const outcomes = await world.deliver(makeAttempt(["bob@nowhere.test"]));
  assert.deepEqual(summary(outcomes), RELAYED);
  assert.deepEqual(sink.accepted[0]!.to, ["bob@nowhere.test"]);
});

Deno.test("relay: without the TLS that is required nothing is sent, least of all a password", async () => {
  const login = { user: "me", password: "secret" };
  await using clear = await SmtpSink.start();
  await using selfSigned = await SmtpSink.start({
    certificate: await makeCertificate({ names: ["127.0.0.1"] }),
  });
  const table: readonly [SmtpSink, Partial<RelaySettings>, string][] = [
    [clear, { tls: "required" }, "deferred 451 4.7.0"],
    [clear, login, "deferred 451 4.7.0"],
    [selfSigned, { tls: "required" }, "deferred 451 4.7.5"],
    [selfSigned, login, "deferred 451 4.7.5"],
    [clear, { tls: "implicit" }, "deferred 451 4.7.5"],
  ];
  for (const [sink, options, expected] of table) {
    await using world = makeWorld({ settings: { relay: relayTo(sink.port, options) } });
    const outcomes = await world.deliver(makeAttempt(TO));
    assert.deepEqual(summary(outcomes), [expected]);
    assert.equal(sink.accepted.length, 0);
    assert.ok(!sink.commands.some((command) => command.includes("AUTH")));
  }
});

/** The real `connect`, but every certificate is good: a trusted one cannot be had on loopback. */
const trusting: typeof connect = async (options) => {
  const conn = await connect(options);
  const startClientTls = conn.startClientTls.bind(conn);
  conn.startClientTls = async (tls) => ({ ...await startClientTls(tls), problem: null });
  return conn;
};

Deno.test("relay: the log-in goes out once TLS is up, and its failure is temporary", async () => {
  await using sink = await SmtpSink.start({
    certificate: await makeCertificate({ names: ["relay.test"] }),
    behaviour: { extensions: ["AUTH PLAIN"] },
  });
  await using world = makeWorld({
    settings: { relay: relayTo(sink.port, { user: "me", password: "secret", tls: "required" }) },
    connect: trusting,
  });
  // The sink knows no AUTH, which is a refusal.
  const [outcome] = await world.deliver(makeAttempt(TO));
  assert.equal(outcome!.kind, "deferred");
  assert.equal(outcome!.reply.enhanced, "4.7.8");
  assert.ok(sink.commands.includes(`0: AUTH PLAIN ${btoa("\0me\0secret")}`));
  assert.ok(!JSON.stringify(world.log.entries).includes("secret"));
});

Deno.test("relay: the log-in succeeds", async () => {
  await using peer = startScriptPeer([[/^DATA/, "354 Go on"], [/^AUTH/, "235 2.7.0 OK"], [
    /^/,
    "250-x\r\n250 STARTTLS",
  ]]);
  const withoutTls: typeof connect = async (options) => {
    const conn = await connect(options);
    conn.startClientTls = () => Promise.resolve({ chain: [], problem: null });
    return conn;
  };
  await using world = makeWorld({
    settings: { relay: relayTo(peer.port, { user: "me", password: "secret" }) },
    connect: withoutTls,
  });
  assert.deepEqual((await world.deliver(makeAttempt(TO))).map(({ kind }) => kind), ["relayed"]);
  assert.deepEqual(peer.lines.map((line) => line.split(" ")[0]).slice(0, 5), [
    "EHLO",
    "STARTTLS",
    "EHLO",
    "AUTH",
    "MAIL",
  ]);
});
