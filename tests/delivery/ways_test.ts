import assert from "node:assert/strict";
import type { Reply } from "../../src/core/reply.ts";
import { reply } from "../../src/core/reply.ts";
import { dialFirst } from "../../src/delivery/remote/dial.ts";
import { isPolicyRefusal } from "../../src/delivery/remote/fallback.ts";
import type { RelaySettings, RemoteSettings, RouteRule } from "../../src/delivery/remote/mod.ts";
import { chooseRelay } from "../../src/delivery/remote/routes.ts";
import type { ClientConn } from "../../src/net/connect.ts";
import { ManualClock } from "../support/fakes.ts";
import { type SinkBehaviour, SmtpSink } from "../support/smtp_sink.ts";
import { address, makeAttempt, makeWorld, summary } from "./support.ts";

function relay(host: string, port = 25): RelaySettings {
  return { host, port, user: null, password: null, tls: "opportunistic" };
}

// ---- Rules ----

const RULES: readonly RouteRule[] = [
  { to: ["direct.test"], from: null, via: "direct" },
  { to: ["*.there.test"], from: ["ours.test"], via: relay("both") },
  { to: ["there.test", "*.there.test"], from: null, via: relay("to") },
  { to: null, from: ["*"], via: relay("from") },
];

const WAYS: readonly [string | null, string, string | null][] = [
  ["a@x.test", "direct.test", null],
  ["a@ours.test", "sub.there.test", "both"],
  ["a@ours.test", "there.test", "to"],
  ["a@x.test", "a.b.there.test", "to"],
  ["a@x.test", "nothere.test", "from"],
  // A report has no sender, so only the relay for all is left.
  [null, "nothere.test", "all"],
];

for (const [sender, domain, expected] of WAYS) {
  Deno.test(`rules: from ${sender} to ${domain}`, () => {
    const mail = { sender: sender === null ? null : address(sender), domain };
    assert.equal(chooseRelay(mail, { routes: RULES, relay: relay("all") })?.host ?? null, expected);
  });
}

// ---- The fallback relay ----

Deno.test("fallback: what counts as a refusal of us", () => {
  const table: readonly [Reply, "host" | "recipient" | "message", boolean][] = [
    [reply(554, "5.7.1", "Listed"), "host", true],
    [reply(421, "4.7.0", "Slow down"), "host", true],
    [reply(554, "5.7.1", "Listed"), "recipient", true],
    [reply(451, "4.7.1", "Greylisted"), "recipient", false],
    [reply(550, "5.7.26", "Not authenticated"), "message", true],
    [reply(550, "5.1.1", "Unknown"), "recipient", false],
    [reply(550, "5.17.1", "?"), "message", false],
    [reply(554, null, "No"), "host", false],
  ];
  for (const [answer, step, expected] of table) {
    assert.equal(isPolicyRefusal(answer, step), expected, `${answer} at ${step}`);
  }
});

async function startPair(behaviour: SinkBehaviour, settings: Partial<RemoteSettings> = {}) {
  const there = await SmtpSink.start({ behaviour });
  const fallback = await SmtpSink.start();
  const world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: there.port, fallbackRelay: relay("127.0.0.1", fallback.port), ...settings },
  });
  return {
    there,
    fallback,
    world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await there.close();
      await fallback.close();
    },
  };
}

const REFUSALS: readonly [string, SinkBehaviour, number][] = [
  ["the greeting", { greeting: "554 5.7.1 Your address is on a list" }, 2],
  ["MAIL", { mail: "550 5.7.1 No" }, 2],
  ["one recipient", { rcpt: (to) => to.startsWith("bob") ? "550 5.7.1 No" : "250 2.1.5 OK" }, 1],
  ["the message", { final: "550 5.7.26 Not authenticated" }, 2],
];

for (const [what, behaviour, viaRelay] of REFUSALS) {
  Deno.test(`fallback: ${what} is refused for reasons of policy`, async () => {
    await using parts = await startPair(behaviour);
    const outcomes = await parts.world.deliver(makeAttempt(["bob@there.test", "carol@there.test"]));
    assert.deepEqual(summary(outcomes), ["relayed 250 2.0.0", "relayed 250 2.0.0"]);
    assert.equal(parts.fallback.accepted[0]!.to.length, viaRelay);
    // The next message does not even try.
    const before = parts.there.connections;
    await parts.world.deliver(makeAttempt(["dave@there.test"]));
    assert.equal(parts.there.connections, before);
    assert.deepEqual(parts.fallback.accepted[1]!.to, ["dave@there.test"]);
  });
}

Deno.test("fallback: a refusal for other reasons stays what it is", async () => {
  await using parts = await startPair({ rcpt: "550 5.1.1 Unknown" });
  assert.deepEqual(summary(await parts.world.deliver(makeAttempt(["bob@there.test"]))), ["failed 550 5.1.1"]);
  assert.equal(parts.fallback.connections, 0);
});

Deno.test("fallback: what our own policy forbids does not go another way", async () => {
  await using parts = await startPair({}, { tlsMemory: true });
  await parts.world.facts.put("tls-level", {
    key: "there.test",
    value: "encrypted",
    expiresAt: Date.now() + 60_000,
  });
  assert.deepEqual(summary(await parts.world.deliver(makeAttempt(["bob@there.test"]))), [
    "deferred 451 4.7.0",
  ]);
  assert.equal(parts.fallback.connections, 0);
});

// ---- Loops, sources ----

Deno.test("routes: an MX with our own name is a loop, whatever its address", async () => {
  await using world = makeWorld({
    zones: { "there.test": { mx: [[1, "mx.here.test"]] }, "mx.here.test": { a: ["127.0.0.77"] } },
    settings: { port: 9 },
  });
  assert.deepEqual(summary(await world.deliver(makeAttempt(["bob@there.test"]))), ["failed 554 5.4.6"]);
});

Deno.test("routes: connections leave from the configured address", async () => {
  await using sink = await SmtpSink.start();
  let from = "";
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1"] } },
    settings: { port: sink.port, source: { ipv4: "127.0.0.3", ipv6: null } },
    onConnect: (conn) => from = conn.local.host,
  });
  await world.deliver(makeAttempt(["bob@there.test"]));
  assert.equal(from, "127.0.0.3");
});

// ---- Happy eyeballs ----

interface Dials {
  readonly asked: string[];
  readonly closed: string[];
  answer(address: string, how: "connected" | Error): void;
}

function scriptedDials(): Dials & { dial(address: string, signal: AbortSignal): Promise<ClientConn> } {
  const waiting = new Map<string, PromiseWithResolvers<ClientConn>>();
  const asked: string[] = [];
  const closed: string[] = [];
  return {
    asked,
    closed,
    dial(address, signal) {
      asked.push(address);
      const dial = Promise.withResolvers<ClientConn>();
      waiting.set(address, dial);
      signal.addEventListener("abort", () => dial.reject(new Error("aborted")));
      return dial.promise;
    },
    answer(address, how) {
      const dial = waiting.get(address)!;
      if (how instanceof Error) dial.reject(how);
      else dial.resolve({ id: address, close: () => closed.push(address) } as unknown as ClientConn);
    },
  };
}

function race(addresses: readonly string[]) {
  const clock = new ManualClock();
  const dials = scriptedDials();
  const done = dialFirst(addresses, {
    dial: dials.dial,
    clock,
    headStartMs: 250,
    signal: new AbortController().signal,
  });
  return { clock, dials, done };
}

Deno.test("dial: a silent address costs a head start, and is given up when another answers", async () => {
  const { clock, dials, done } = race(["six", "four"]);
  await clock.advance(249);
  assert.deepEqual(dials.asked, ["six"]);
  await clock.advance(1);
  assert.deepEqual(dials.asked, ["six", "four"]);
  dials.answer("four", "connected");
  const { first, failures } = await done;
  assert.equal(first?.address, "four");
  assert.equal(failures.size, 0);
});

Deno.test("dial: an address that fails gives its turn away at once", async () => {
  const { dials, done } = race(["six", "four"]);
  dials.answer("six", new Error("refused"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(dials.asked, ["six", "four"]);
  dials.answer("four", new Error("refused"));
  const { first, failures } = await done;
  assert.equal(first, null);
  assert.deepEqual([...failures.keys()], ["six", "four"]);
});

Deno.test("dial: the second of two that arrive together is closed", async () => {
  const { clock, dials, done } = race(["six", "four"]);
  await clock.advance(250);
  dials.answer("six", "connected");
  dials.answer("four", "connected");
  assert.equal((await done).first?.address, "six");
  assert.deepEqual(dials.closed, ["four"]);
});
