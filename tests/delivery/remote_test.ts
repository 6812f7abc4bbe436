import assert from "node:assert/strict";
import { type SinkBehaviour, SmtpSink } from "../support/smtp_sink.ts";
import { startScriptPeer } from "./script_peer.ts";
import { makeAttempt, makeWorld, QUICK, summary, TEXT } from "./support.ts";

const TO = ["bob@there.test"];
const ALL = ["bob@there.test", "full@there.test", "gone@there.test"];

interface Row {
  readonly what: string;
  readonly behaviour: SinkBehaviour;
  readonly to?: readonly string[];
  /** `kind code enhanced` for each recipient. */
  readonly outcomes: readonly string[];
  /** The reply's words must show up in the outcome. */
  readonly words?: RegExp;
  /** Whether somebody else said it. */
  readonly said: boolean;
}

const someRcpt = (to: string) =>
  to.startsWith("full") ? "452 4.2.2 Full" : to.startsWith("gone") ? "550 5.1.1 Gone" : "250 2.1.5 OK";

/** One host, all that it may do. */
const ROWS: readonly Row[] = [
  { what: "accepts", behaviour: {}, outcomes: ["relayed 250 2.0.0"], words: /Sunk/, said: true },
  {
    what: "accepts without pipelining",
    behaviour: { onlyExtensions: [] },
    outcomes: ["relayed 250 2.0.0"],
    said: true,
  },
  {
    what: "takes some recipients, defers and refuses others",
    behaviour: { rcpt: someRcpt },
    to: ALL,
    outcomes: ["relayed 250 2.0.0", "deferred 452 4.2.2", "failed 550 5.1.1"],
    said: true,
  },
  {
    what: "does so without pipelining",
    behaviour: { rcpt: someRcpt, onlyExtensions: ["8BITMIME"] },
    to: ALL,
    outcomes: ["relayed 250 2.0.0", "deferred 452 4.2.2", "failed 550 5.1.1"],
    said: true,
  },
  {
    what: "takes no recipient",
    behaviour: { rcpt: "550 5.1.1 No such user" },
    outcomes: ["failed 550 5.1.1"],
    words: /No such user/,
    said: true,
  },
  {
    what: "takes no recipient but asks for data",
    behaviour: { rcpt: "550 5.1.1 No such user", data: "354 Go on" },
    outcomes: ["failed 550 5.1.1"],
    said: true,
  },
  {
    what: "refuses the sender for good",
    behaviour: { mail: "550 5.7.1 Not you" },
    outcomes: ["failed 550 5.7.1"],
    said: true,
  },
  {
    what: "refuses the sender for now",
    behaviour: { mail: "451 4.7.1 Greylisted" },
    outcomes: ["deferred 451 4.7.1"],
    said: true,
  },
  {
    what: "refuses the data command",
    behaviour: { data: "451 4.3.0 Busy" },
    outcomes: ["deferred 451 4.3.0"],
    said: true,
  },
  {
    what: "answers DATA with 250",
    behaviour: { data: "250 2.0.0 What?" },
    outcomes: ["deferred 451 4.5.0"],
    said: true,
  },
  {
    what: "refuses the message for good",
    behaviour: { final: "554 5.7.1 Spam" },
    outcomes: ["failed 554 5.7.1"],
    words: /Spam/,
    said: true,
  },
  {
    what: "refuses the message for now",
    behaviour: { final: "452 4.3.1 Disk full" },
    outcomes: ["deferred 452 4.3.1"],
    said: true,
  },
  {
    what: "gives no enhanced codes",
    behaviour: { rcpt: "550 unknown" },
    outcomes: ["failed 550 null"],
    said: true,
  },
  {
    what: "greets with 421",
    behaviour: { greeting: "421 4.3.2 Too busy" },
    outcomes: ["deferred 421 4.3.2"],
    said: true,
  },
  {
    what: "greets with 554",
    behaviour: { greeting: "554 No mail here" },
    outcomes: ["failed 554 null"],
    said: true,
  },
  {
    what: "greets with something that is not SMTP",
    behaviour: { greeting: "SSH-2.0-OpenSSH" },
    outcomes: ["deferred 451 4.4.2"],
    words: /Not an SMTP reply/,
    said: false,
  },
  { what: "closes at once", behaviour: { drop: "connect" }, outcomes: ["deferred 451 4.4.2"], said: false },
  { what: "never greets", behaviour: { hang: "connect" }, outcomes: ["deferred 451 4.4.2"], said: false },
  { what: "closes at EHLO", behaviour: { drop: "ehlo" }, outcomes: ["deferred 451 4.4.2"], said: false },
  {
    what: "refuses EHLO for now",
    behaviour: { ehlo: "450 4.3.2 Later" },
    outcomes: ["deferred 450 4.3.2"],
    said: true,
  },
  { what: "closes at MAIL", behaviour: { drop: "mail" }, outcomes: ["deferred 451 4.4.2"], said: true },
  { what: "closes at RCPT", behaviour: { drop: "rcpt" }, outcomes: ["deferred 451 4.4.2"], said: true },
  { what: "closes at DATA", behaviour: { drop: "data" }, outcomes: ["deferred 451 4.4.2"], said: true },
  {
    what: "closes after the message",
    behaviour: { drop: "final" },
    outcomes: ["deferred 451 4.4.2"],
    said: true,
  },
  {
    what: "says 421 to a recipient",
    behaviour: { rcpt: "421 4.3.2 Going down" },
    outcomes: ["deferred 421 4.3.2"],
    said: true,
  },
];

for (const row of ROWS) {
  Deno.test(`remote: a host that ${row.what}`, async () => {
    await using sink = await SmtpSink.start({ behaviour: row.behaviour });
    await using world = makeWorld({
      zones: { "there.test": { mx: [[10, "mx.there.test"]] }, "mx.there.test": { a: ["127.0.0.1"] } },
      settings: { port: sink.port },
    });
    const outcomes = await world.deliver(makeAttempt(row.to ?? TO));
    assert.deepEqual(summary(outcomes), row.outcomes);
    const host = row.said ? "mx.there.test [127.0.0.1]" : null;
    for (const outcome of outcomes) assert.equal(outcome.host, host, outcome.reply.toString());
    if (row.words !== undefined) assert.match(outcomes[0]!.reply.toString(), row.words);
    const relayed = outcomes.filter(({ kind }) => kind === "relayed").length;
    const taken = sink.accepted.filter((message) => message.to.length > 0);
    assert.equal(taken.length, relayed > 0 ? 1 : 0);
    if (relayed > 0) assert.equal(taken[0]!.text, TEXT);
  });
}

Deno.test("remote: HELO for a server that knows no EHLO (RFC 5321 section 3.2)", async () => {
  await using peer = startScriptPeer([
    [/^EHLO/, "502 5.5.1 What?"],
    [/^HELO/, "250 Hello"],
    [/^DATA/, "354 Go on"],
    [/^/, "250 OK"],
  ]);
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: peer.port },
  });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), ["relayed 250 null"]);
  assert.deepEqual(peer.lines.slice(0, 4), [
    "EHLO mx.here.test",
    "HELO mx.here.test",
    "MAIL FROM:<alice@here.test>",
    "RCPT TO:<bob@there.test>",
  ]);
});

Deno.test("remote: MAIL carries what the host offers and nothing else", async () => {
  const table: readonly [readonly string[], string][] = [
    [["SIZE 100000", "8BITMIME"], `SIZE=${TEXT.length} BODY=8BITMIME`],
    [["SIZE"], `SIZE=${TEXT.length}`],
    [["8BITMIME"], "BODY=8BITMIME"],
    [[], ""],
  ];
  for (const [onlyExtensions, params] of table) {
    await using sink = await SmtpSink.start({ behaviour: { onlyExtensions } });
    await using world = makeWorld({
      zones: { "there.test": { a: ["127.0.0.1"] } },
      settings: { port: sink.port },
    });
    await world.deliver(makeAttempt(TO, { eightBit: true }));
    assert.equal(sink.accepted[0]!.mailParams, params);
  }
});

Deno.test("remote: a message that the host cannot take is not sent", async () => {
  await using sink = await SmtpSink.start({ behaviour: { extensions: ["SIZE 20"] } });
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port },
  });
  const [tooLarge] = await world.deliver(makeAttempt(TO));
  assert.equal(tooLarge!.kind, "failed");
  assert.equal(tooLarge!.reply.enhanced, "5.3.4");
  const small = { text: "\r\n" };
  for (
    const attempt of [
      makeAttempt(TO, { ...small, smtputf8: true }),
      makeAttempt(["jürgen@there.test"], small),
    ]
  ) {
    const [noUtf8] = await world.deliver(attempt);
    assert.equal(noUtf8!.kind, "failed");
    assert.equal(noUtf8!.reply.enhanced, "5.6.7");
  }
  assert.ok(!sink.commands.some((command) => command.includes("MAIL")));
});

Deno.test("remote: SMTPUTF8 is asked for when an address needs it", async () => {
  await using sink = await SmtpSink.start({ behaviour: { extensions: ["SMTPUTF8"] } });
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port },
  });
  const outcomes = await world.deliver(makeAttempt(["jürgen@there.test"]));
  assert.deepEqual(summary(outcomes), ["relayed 250 2.0.0"]);
  assert.equal(sink.accepted[0]!.mailParams, "SMTPUTF8");
});

Deno.test("remote: a large message arrives byte for byte", async () => {
  const text = "Subject: large\r\n\r\n" +
    "..line that begins with dots\r\nand one that does not \xe9\r\n".repeat(5000);
  await using sink = await SmtpSink.start();
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port },
  });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO, { text }))), ["relayed 250 2.0.0"]);
  assert.equal(sink.accepted[0]!.text, text);
});

Deno.test("remote: an error of our own store is thrown and nothing is sent", async () => {
  await using sink = await SmtpSink.start();
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port },
  });
  const attempt = makeAttempt(TO, {
    // deno-lint-ignore require-yield
    async *content() {
      throw new Error("The disk is gone");
    },
  });
  await assert.rejects(world.deliver(attempt), /could not be read/);
  assert.equal(sink.messages.length, 0);
});

Deno.test("remote: an aborted attempt ends at once and is deferred", async () => {
  await using sink = await SmtpSink.start({ behaviour: { hang: "final" } });
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port },
  });
  const abort = new AbortController();
  const delivering = world.courier.deliver(makeAttempt(TO), abort.signal);
  await sink.waitUntil(() => sink.messages.length === 1, "the message");
  abort.abort();
  const [outcome] = await delivering;
  assert.equal(outcome!.kind, "deferred");
});

Deno.test("remote: a host that stops reading is given up", async () => {
  await using sink = await SmtpSink.start({ behaviour: { hang: "mail" } });
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port, timeouts: { ...QUICK, mail: 200 } },
  });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), ["deferred 451 4.4.2"]);
});
