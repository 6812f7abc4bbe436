import assert from "node:assert/strict";
import type { RecipientDsn } from "../../src/core/envelope.ts";
import type { Attempt } from "../../src/queue/courier.ts";
import { HoldRules, parsePattern } from "../../src/queue/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { ManualClock, seededRandom } from "../support/fakes.ts";
import { address } from "./support.ts";
import { makeQueueWorld } from "./world.ts";

const HOUR = 3_600_000;

interface Row {
  readonly what: string;
  readonly notify: RecipientDsn["notify"];
  readonly said: string;
  readonly hours?: number;
  /** The actions of the reports. */
  readonly reports: readonly string[];
}

/** RFC 3461 sections 4.1 and 5.2. */
const ROWS: readonly Row[] = [
  { what: "nothing said, success", notify: null, said: "250 2.0.0 OK", reports: [] },
  { what: "nothing said, failure", notify: null, said: "550 5.1.1 No", reports: ["failed"] },
  { what: "nothing said, delay", notify: null, said: "450 4.2.0 Later", hours: 5, reports: ["delayed"] },
  { what: "never, failure", notify: [], said: "550 5.1.1 No", reports: [] },
  { what: "never, delay", notify: [], said: "450 4.2.0 Later", hours: 5, reports: [] },
  { what: "success, success", notify: ["success"], said: "250 2.0.0 OK", reports: ["relayed"] },
  { what: "success, failure", notify: ["success"], said: "550 5.1.1 No", reports: [] },
  { what: "failure, delay", notify: ["failure"], said: "450 4.2.0 Later", hours: 5, reports: [] },
  { what: "delay, delay", notify: ["delay"], said: "450 4.2.0 Later", hours: 5, reports: ["delayed"] },
];

for (const row of ROWS) {
  Deno.test(`notify: ${row.what}`, async () => {
    await using world = makeQueueWorld({ answer: () => row.said });
    world.runner.start();
    await world.put("m1", ["bob@there.test"], {
      wishes: {
        returns: null,
        envelopeId: null,
        requireTls: false,
        binary: false,
        recipients: [{ notify: row.notify, originalRecipient: null }],
      },
    });
    await world.calm();
    if (row.hours !== undefined) await world.pass(row.hours * HOUR, HOUR / 4);
    const actions = world.reports.map(({ text }) => /^Action: (\w+)\r$/m.exec(text)![1]);
    assert.deepEqual(actions, row.reports);
    // Nobody is tried or kept for the sake of a report.
    if (row.hours === undefined) assert.equal(world.store.stats().queuedMessages, 0);
  });
}

Deno.test("attempt: what the sender asked for goes to the courier", async () => {
  let seen: Attempt | null = null;
  await using world = makeQueueWorld({
    answer(_to, attempt) {
      seen = attempt;
      return "250 2.0.0 OK";
    },
  });
  world.runner.start();
  const dsn: RecipientDsn = { notify: ["failure"], originalRecipient: "rfc822;b@there.test" };
  await world.put("m1", ["bob@there.test"], {
    wishes: { returns: "full", envelopeId: "E1", requireTls: true, binary: true, recipients: [dsn] },
  });
  await world.calm();
  const { requireTls, binary, dsn: passed } = seen! as Attempt;
  assert.deepEqual([requireTls, binary], [true, true]);
  assert.deepEqual(passed, { returns: "full", envelopeId: "E1", recipients: [dsn] });
});

Deno.test("future release: the delay and the end count from the release", async () => {
  await using world = makeQueueWorld({ answer: () => "450 4.2.0 Later" });
  world.runner.start();
  const releaseAt = world.clock.now() + 144 * HOUR;
  await world.put("m1", ["bob@there.test"], {
    dueAt: releaseAt,
    wishes: { returns: null, envelopeId: null, requireTls: false, binary: false, releaseAt },
  });
  await world.pass(143 * HOUR, HOUR);
  assert.deepEqual(world.tried, []);
  await world.pass(2 * HOUR, HOUR / 4);
  assert.ok(world.tried.length > 0);
  assert.deepEqual(world.reports, []);
  assert.equal(world.store.stats().queuedMessages, 1);
});

Deno.test("hold rules: they are kept, and match by sender and recipient, address and domain", async () => {
  const store = openMemoryStore({ clock: new ManualClock(), random: seededRandom() });
  const rules = new HoldRules(store.facts);
  const to = ["bob@there.test", "carol@far.test"].map(address);
  assert.equal(rules.match(address("a@here.test"), to), null);
  await rules.add({ side: "to", pattern: "far.test" });
  await rules.add({ side: "from", pattern: "spam@here.test" });
  await rules.add({ side: "from", pattern: "" });
  const again = new HoldRules(store.facts);
  await again.load();
  assert.deepEqual(again.match(address("a@here.test"), to), [false, true]);
  assert.deepEqual(again.match(address("Spam@here.test"), to), [true, true]);
  assert.deepEqual(again.match(null, to), [true, true]);
  assert.equal((await again.list()).length, 3);
  assert.equal(await again.remove({ side: "to", pattern: "far.test" }), true);
  assert.equal(await again.remove({ side: "to", pattern: "far.test" }), false);
  assert.equal(again.match(address("a@here.test"), to), null);
  await store.close();
});

Deno.test("hold rules: what an operator may type", () => {
  const table: readonly [string, string | null][] = [
    ["example.com", "example.com"],
    ["Bob@Example.COM", "bob@example.com"],
    ["<bob@example.com>", "bob@example.com"],
    ["<>", ""],
    ["", null],
    ["@example.com", null],
    ["not a domain", null],
  ];
  for (const [typed, pattern] of table) assert.equal(parsePattern(typed), pattern, typed);
});

Deno.test("priority: a single letter passes a huge mailing to the same destination", async () => {
  const gates: (() => void)[] = [];
  await using world = makeQueueWorld({
    settings: { backlog: 100, concurrencyPerDestination: 2, maxConcurrencyPerDestination: 2 },
    answer: () => new Promise((resolve) => gates.push(() => resolve("250 2.0.0 OK"))),
  });
  world.runner.start();
  for (let i = 0; i < 500; i++) {
    await world.put(`bulk${i}`, [`u${i}@busy.test`], { sender: "list@here.test" });
  }
  await world.calm();
  await world.put("letter", ["friend@busy.test"]);
  for (let round = 0; round < 8; round++) {
    for (const open of gates.splice(0)) open();
    await world.pass(10);
  }
  assert.ok(world.tried.includes("friend@busy.test"), `not among ${world.tried.length}`);
});

Deno.test("concurrency: grows with success up to its limit, and shrinks when the host has too much", async () => {
  let busy = false;
  const gates: (() => void)[] = [];
  await using world = makeQueueWorld({
    settings: { concurrencyPerDestination: 2, maxConcurrencyPerDestination: 4 },
    answer: () =>
      new Promise((resolve) => gates.push(() => resolve(busy ? "421 4.3.2 Too busy" : "250 2.0.0 OK"))),
  });
  world.runner.start();
  for (let i = 0; i < 100; i++) await world.put(`m${i}`, [`u${i}@there.test`]);
  await world.calm();
  const atOnce = [gates.length];
  for (let round = 0; round < 8; round++) {
    if (round === 6) busy = true;
    for (const open of gates.splice(0)) open();
    await world.calm();
    atOnce.push(gates.length);
  }
  assert.deepEqual([atOnce[0], Math.max(...atOnce), atOnce.at(-1)], [2, 4, 1]);
  for (const open of gates.splice(0)) open();
});

Deno.test("rate limit: so many messages a minute to one destination, and others are not held up", async () => {
  await using world = makeQueueWorld({ settings: { ratePerDestination: 6 } });
  world.runner.start();
  for (let i = 0; i < 20; i++) await world.put(`m${i}`, [`u${i}@slow.test`]);
  await world.put("other", ["a@other.test"]);
  await world.calm();
  assert.deepEqual(world.tried.toSorted(), ["a@other.test", "u0@slow.test"]);
  await world.pass(60_000, 1_000);
  const sent = world.tried.length - 1;
  assert.ok(sent >= 6 && sent <= 8, `${sent} in a minute`);
});

Deno.test("destination: domains that share their hosts share a line and one probe", async () => {
  await using world = makeQueueWorld({
    settings: { concurrencyPerDestination: 1 },
    answer: () => "us: 451 4.4.1 No connection",
    destinationOf: async () => "mx.big.test",
  });
  world.runner.start();
  for (let i = 0; i < 30; i++) await world.put(`m${i}`, [`a@d${i}.test`]);
  await world.calm();
  assert.equal(world.tried.length, 1);
});

Deno.test("dead destinations: 10,000 messages for 100 dead domains cost one round of probes", async () => {
  await using world = makeQueueWorld({
    settings: { concurrencyPerDestination: 1 },
    answer: (to) => to.includes("dead") ? "us: 451 4.4.1 No connection" : "250 2.0.0 OK",
  });
  for (let i = 0; i < 10_000; i++) await world.put(`m${i}`, [`u${i}@dead${i % 100}.test`]);
  world.runner.start();
  await world.pass(5_000, 20);
  await world.put("letter", ["friend@live.test"]);
  await world.calm();
  assert.equal(world.tried.filter((to) => to.includes("dead")).length, 100);
  assert.ok(world.tried.includes("friend@live.test"));
});
