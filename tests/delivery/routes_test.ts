import assert from "node:assert/strict";
import type { RemoteSettings } from "../../src/delivery/remote/mod.ts";
import { type SinkBehaviour, SmtpSink } from "../support/smtp_sink.ts";
import { makeAttempt, makeWorld, summary, type Zone } from "./support.ts";

const TO = ["bob@there.test"];

/** Two hosts on the same port of two loopback addresses. */
async function startTwo(first: SinkBehaviour | null, second: SinkBehaviour = {}) {
  const two = await SmtpSink.start({ host: "127.0.0.2", behaviour: second });
  const one = first === null
    ? null
    : await SmtpSink.start({ host: "127.0.0.1", port: two.port, behaviour: first });
  return {
    one,
    two,
    port: two.port,
    async [Symbol.asyncDispose]() {
      await one?.close();
      await two.close();
    },
  };
}

const TWO: Record<string, Zone> = {
  "there.test": { mx: [[10, "mx1.there.test"], [20, "mx2.there.test"]] },
  "mx1.there.test": { a: ["127.0.0.1"] },
  "mx2.there.test": { a: ["127.0.0.2"] },
};

/** What the first host does, and whether the second one is asked. */
const FAIL_OVER: readonly [string, SinkBehaviour | null, readonly string[], number][] = [
  ["is not there", null, ["relayed 250 2.0.0"], 1],
  ["closes at once", { drop: "connect" }, ["relayed 250 2.0.0"], 1],
  ["greets with 421", { greeting: "421 4.3.2 Busy" }, ["relayed 250 2.0.0"], 1],
  ["greets with 554", { greeting: "554 5.3.2 Not me" }, ["relayed 250 2.0.0"], 1],
  ["refuses EHLO", { ehlo: "554 5.5.0 Go away" }, ["relayed 250 2.0.0"], 1],
  ["refuses MAIL for now", { mail: "451 4.3.0 Later" }, ["relayed 250 2.0.0"], 1],
  ["closes at DATA", { drop: "data" }, ["relayed 250 2.0.0"], 1],
  ["says 421 at RCPT", { rcpt: "421 4.3.2 Bye" }, ["relayed 250 2.0.0"], 1],
  ["refuses the recipient for now", { rcpt: "450 4.2.0 Later" }, ["deferred 450 4.2.0"], 0],
  ["refuses the recipient for good", { rcpt: "550 5.1.1 No" }, ["failed 550 5.1.1"], 0],
  ["refuses MAIL for good", { mail: "550 5.7.1 No" }, ["failed 550 5.7.1"], 0],
  ["refuses the message for now", { final: "451 4.3.0 Later" }, ["deferred 451 4.3.0"], 0],
  ["closes after the final dot (it may have the message)", { drop: "final" }, ["deferred 451 4.4.2"], 0],
];

for (const [what, behaviour, outcomes, asked] of FAIL_OVER) {
  Deno.test(`routes: the first host ${what}`, async () => {
    await using hosts = await startTwo(behaviour);
    await using world = makeWorld({ zones: TWO, settings: { port: hosts.port } });
    assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), outcomes);
    assert.equal(hosts.two.connections, asked);
  });
}

Deno.test("routes: what the first host answered stays, the rest goes to the second", async () => {
  const rcpt = (to: string) => to.startsWith("gone") ? "550 5.1.1 Gone" : "421 4.3.2 Bye";
  await using hosts = await startTwo({ rcpt });
  await using world = makeWorld({ zones: TWO, settings: { port: hosts.port } });
  const outcomes = await world.deliver(makeAttempt(["gone@there.test", "bob@there.test"]));
  assert.deepEqual(summary(outcomes), ["failed 550 5.1.1", "relayed 250 2.0.0"]);
  assert.deepEqual(hosts.two.accepted[0]!.to, ["bob@there.test"]);
});

Deno.test("routes: every address of a host is tried", async () => {
  await using hosts = await startTwo(null);
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.1", "127.0.0.2"] } },
    settings: { port: hosts.port },
  });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), ["relayed 250 2.0.0"]);
  assert.equal(world.log.of("delivery-host-failed").length, 1);
});

Deno.test("routes: when all refuse to talk, the sender hears of the one that said most", async () => {
  const table: readonly [SinkBehaviour | null, SinkBehaviour, string][] = [
    [null, { greeting: "421 4.3.2 Busy" }, "deferred 421 4.3.2"],
    [{ greeting: "421 4.3.2 Busy" }, { drop: "connect" }, "deferred 421 4.3.2"],
    [{ greeting: "554 5.3.2 No" }, { greeting: "554 5.3.2 No" }, "failed 554 5.3.2"],
    [{ greeting: "554 5.3.2 No" }, { greeting: "421 4.3.2 Busy" }, "deferred 421 4.3.2"],
    [{ greeting: "554 5.3.2 No" }, { drop: "connect" }, "deferred 451 4.4.2"],
  ];
  for (const [first, second, expected] of table) {
    await using hosts = await startTwo(first, second);
    await using world = makeWorld({ zones: TWO, settings: { port: hosts.port } });
    assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), [expected]);
  }
});

interface EndRow {
  readonly what: string;
  readonly zones: Record<string, Zone>;
  readonly to?: string;
  readonly settings?: Partial<RemoteSettings>;
  readonly outcome: string;
}

/** Routes that lead to no host at all. */
const ENDS: readonly EndRow[] = [
  { what: "no such domain", zones: {}, outcome: "failed 550 5.1.2" },
  { what: "a null MX", zones: { "there.test": { mx: [[0, ""]] } }, outcome: "failed 556 5.1.10" },
  { what: "a domain with neither MX nor address", zones: { "there.test": {} }, outcome: "failed 550 5.1.2" },
  {
    what: "an MX that does not exist",
    zones: { "there.test": { mx: [[1, "no.test"]] } },
    outcome: "failed 550 5.4.4",
  },
  {
    what: "an MX that cannot be looked up",
    zones: {
      "there.test": { mx: [[1, "no.test"], [2, "bad.test"]] },
      "bad.test": { a: "error", aaaa: "error" },
    },
    outcome: "deferred 451 4.4.3",
  },
  { what: "DNS that fails", zones: { "there.test": { mx: "error" } }, outcome: "deferred 451 4.4.3" },
  {
    what: "ourselves",
    zones: { "there.test": { mx: [[1, "own.test"]] }, "own.test": { a: ["127.0.0.9"] } },
    outcome: "failed 554 5.4.6",
  },
  {
    what: "ourselves among hosts of the same preference",
    zones: {
      "there.test": { mx: [[1, "own.test"], [1, "other.test"], [2, "backup.test"]] },
      "own.test": { a: ["127.0.0.9"] },
      "other.test": { a: ["127.0.0.1"] },
      "backup.test": { a: ["127.0.0.1"] },
    },
    outcome: "failed 554 5.4.6",
  },
  { what: "our own address as a literal", zones: {}, to: "bob@[127.0.0.9]", outcome: "failed 554 5.4.6" },
  {
    what: "a relay that is ourselves",
    zones: {},
    settings: { relay: { host: "127.0.0.9", port: 9, user: null, password: null, tls: "opportunistic" } },
    outcome: "deferred 451 4.3.5",
  },
  {
    what: "a relay that cannot be found",
    zones: {},
    settings: { relay: { host: "relay.test", port: 9, user: null, password: null, tls: "opportunistic" } },
    outcome: "deferred 451 4.3.5",
  },
];

for (const { what, zones, to = TO[0]!, settings = {}, outcome } of ENDS) {
  Deno.test(`routes: ${what}`, async () => {
    await using world = makeWorld({
      zones,
      settings: { port: 9, ...settings },
      ownListeners: ["127.0.0.9 9"],
    });
    const outcomes = await world.deliver(makeAttempt([to]));
    assert.deepEqual(summary(outcomes), [outcome]);
    assert.equal(outcomes[0]!.host, null);
  });
}

Deno.test("routes: hosts before ourselves are tried, hosts behind are not (RFC 5321 section 5.1)", async () => {
  await using hosts = await startTwo({ greeting: "421 4.3.2 Busy" });
  await using world = makeWorld({
    zones: {
      ...TWO,
      "there.test": { mx: [[10, "mx1.there.test"], [15, "own.test"], [20, "mx2.there.test"]] },
      "own.test": { a: ["127.0.0.9"] },
    },
    settings: { port: hosts.port },
    ownListeners: [`127.0.0.9 ${hosts.port}`],
  });
  assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), ["deferred 421 4.3.2"]);
  assert.equal(hosts.two.connections, 0);
});

Deno.test("routes: an address literal is reached directly", async () => {
  await using sink = await SmtpSink.start();
  await using world = makeWorld({ settings: { port: sink.port } });
  const outcomes = await world.deliver(makeAttempt(["bob@[127.0.0.1]"]));
  assert.deepEqual(summary(outcomes), ["relayed 250 2.0.0"]);
  assert.equal(outcomes[0]!.host, "[127.0.0.1]");
});

Deno.test("routes: the number of hosts and addresses is limited", async () => {
  const many = Array.from({ length: 9 }, (_, index) => `h${index}.test`);
  const zones: Record<string, Zone> = { "there.test": { mx: many.map((name, index) => [index, name]) } };
  for (const name of many) zones[name] = { a: ["127.0.0.1", "127.0.0.2"] };
  await using sink = await SmtpSink.start({ host: "0.0.0.0", behaviour: { drop: "connect" } });
  for (const [settings, tries] of [[{ maxHosts: 2 }, 4], [{ maxAddresses: 3 }, 3]] as const) {
    await using world = makeWorld({ zones, settings: { port: sink.port, ...settings } });
    const before = sink.connections;
    assert.deepEqual(summary(await world.deliver(makeAttempt(TO))), ["deferred 451 4.4.2"]);
    assert.equal(sink.connections - before, tries);
  }
});
