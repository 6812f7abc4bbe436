import assert from "node:assert/strict";
import type { Store } from "../../src/store/mod.ts";
import { makeQueueWorld, type QueueWorld } from "./world.ts";

const MINUTE = 60_000;
const never = new Promise<string>(() => {});

function domainOf(to: string): string {
  return to.slice(to.indexOf("@") + 1);
}

function countTried(world: QueueWorld, domain: string): number {
  return world.tried.filter((to) => domainOf(to) === domain).length;
}

async function putMany(world: QueueWorld, count: number, domain: string): Promise<void> {
  for (let i = 0; i < count; i++) {
    await world.put(`${domain}-${String(i).padStart(5, "0")}`, [`u${i}@${domain}`]);
  }
}

Deno.test("fairness: a destination that hangs holds up no other, however many messages wait for it", async () => {
  await using world = makeQueueWorld({
    answer: (to) => domainOf(to) === "hangs.test" ? never : "250 2.0.0 OK",
  });
  // Ten times of what fits one look at the store, and more than fits in memory; all of it older than the rest.
  await putMany(world, 2500, "hangs.test");
  await world.clock.advance(1);
  await putMany(world, 3, "quick.test");
  world.runner.start();
  await world.calm();
  // Before it has answered once.
  assert.equal(countTried(world, "hangs.test"), 2);
  assert.equal(countTried(world, "quick.test"), 3);
  await world.put("late", ["u@late.test"]);
  await world.pass(1_000);
  assert.equal(countTried(world, "late.test"), 1);
});

Deno.test("fairness: what waits for a destination that hangs is not written again and again", async () => {
  await using world = makeQueueWorld({ settings: { backlog: 100 }, answer: () => never });
  await putMany(world, 1000, "hangs.test");
  world.runner.start();
  const before = world.store.stats().writes;
  await world.pass(60 * MINUTE, 20_000);
  const perMessage = (world.store.stats().writes - before) / 1000;
  assert.ok(perMessage < 20, `${perMessage} writes for each message in an hour`);
  assert.equal(world.tried.length, 2);
});

Deno.test("fairness: what was put off comes back in its turn, each message once, and soon", async () => {
  const gates: (() => void)[] = [];
  await using world = makeQueueWorld({
    settings: { backlog: 60 },
    answer: () => new Promise((resolve) => gates.push(() => resolve("250 2.0.0 OK"))),
  });
  await putMany(world, 700, "busy.test");
  world.runner.start();
  await world.calm();
  // Eight at a time, 100 ms each: 700 messages take 9 seconds at best.
  const began = world.clock.now();
  while (world.store.stats().queuedMessages > 0) {
    for (const open of gates.splice(0)) open();
    await world.pass(100);
    assert.ok(world.clock.now() - began < 20_000, `${world.store.stats().queuedMessages} are left`);
  }
  assert.equal(world.tried.length, 700);
  assert.equal(new Set(world.tried).size, 700);
});

Deno.test("fairness: each destination gets its share of the attempts, and no more than its limit", async () => {
  await using world = makeQueueWorld({
    settings: { concurrency: 6, concurrencyPerDestination: 4 },
    answer: () => never,
  });
  await putMany(world, 20, "a.test");
  await putMany(world, 20, "b.test");
  await putMany(world, 20, "c.test");
  world.runner.start();
  await world.calm();
  assert.deepEqual(["a.test", "b.test", "c.test"].map((domain) => countTried(world, domain)), [2, 2, 2]);
});

Deno.test("fairness: attempts that hang give up their places after a while", async () => {
  await using world = makeQueueWorld({
    settings: { concurrency: 4, concurrencyPerDestination: 2, slowAfterMs: 20_000, slowConcurrency: 4 },
    answer: (to) => to.includes("hangs") ? never : "250 2.0.0 OK",
  });
  for (const name of ["hangs1.test", "hangs2.test"]) await putMany(world, 5, name);
  world.runner.start();
  await world.calm();
  await putMany(world, 5, "quick.test");
  await world.pass(10_000, 1_000);
  assert.equal(countTried(world, "quick.test"), 0);
  await world.pass(11_000, 1_000);
  assert.equal(countTried(world, "quick.test"), 5);
  assert.equal(world.tried.length, 9);
});

Deno.test("fairness: however many attempts hang, a letter to where nothing runs finds a place", async () => {
  await using world = makeQueueWorld({
    settings: { concurrency: 10, slowConcurrency: 40, slowAfterMs: 1_000 },
    answer: (to) => to.includes("hangs") ? never : "250 2.0.0 OK",
  });
  for (let i = 0; i < 60; i++) await putMany(world, 3, `hangs${i}.test`);
  world.runner.start();
  await world.pass(20_000, 1_000);
  // Of 50 places five are kept for destinations without an attempt, two of them for letters.
  assert.equal(world.tried.length, 48);
  const sender = "carol@here.test";
  await world.put("fresh", ["u@live.test"], { sender });
  await world.calm();
  assert.equal(countTried(world, "live.test"), 1);
  // Where something hangs already the next letter waits.
  await world.put("another", ["u@hangs0.test"], { sender });
  await world.calm();
  assert.equal(world.tried.length, 49);
});

Deno.test("dead destination: what waits in the store is put off with one write, and its sender is told in time", async () => {
  let moves = 0;
  await using world = makeQueueWorld({
    answer: () => "us: 451 4.4.1 No connection",
    wrap: (store) => ({
      ...store,
      bus: store.bus,
      bodies: store.bodies,
      facts: store.facts,
      stats: () => store.stats(),
      spool: {
        due: (now, limit) => store.spool.due(now, limit),
        nextDueAt: () => store.spool.nextDueAt(),
        get: (id) => store.spool.get(id),
        settle: (id, updates) => store.spool.settle(id, updates),
        postpone: (what) => (moves++, store.spool.postpone(what)),
      } as Store["spool"],
    }),
  });
  await putMany(world, 1500, "dead.test");
  world.runner.start();
  await world.pass(10_000, 500);
  assert.ok(countTried(world, "dead.test") <= 2);
  assert.ok(moves < 10, `${moves} moves`);
  const waiting = await world.store.spool.list({}, { limit: 5000 });
  assert.ok(waiting.every(({ recipients }) => recipients[0]!.lastReply === "451 4.4.1 No connection"));
  // Four hours later each of the senders hears of the delay, once.
  await world.pass(5 * 60 * MINUTE, 5 * MINUTE);
  assert.equal(world.reports.length, 1500);
});

Deno.test("dead destination: one attempt tells for all, and the others wait too", async () => {
  let dead = true;
  await using world = makeQueueWorld({
    answer: (to) => dead && domainOf(to) === "dead.test" ? "us: 451 4.4.1 No connection" : "250 2.0.0 OK",
  });
  await putMany(world, 1500, "dead.test");
  await putMany(world, 2, "quick.test");
  world.runner.start();
  await world.pass(500, 20);
  // Those that had begun when the first one failed.
  const first = countTried(world, "dead.test");
  assert.ok(first <= 8, `${first} attempts`);
  assert.equal(countTried(world, "quick.test"), 2);
  // Some had been put off for want of room; they join the others without an attempt.
  await world.pass(3_000, 1_000);
  assert.equal(countTried(world, "dead.test"), first);
  const waiting = await world.store.spool.list({}, { limit: 5000 });
  assert.ok(
    waiting.every(({ recipients }) => recipients[0]!.nextAttemptAt >= world.clock.now() + 4 * MINUTE),
  );
  assert.ok(waiting.every(({ recipients }) => recipients[0]!.lastReply === "451 4.4.1 No connection"));
  assert.equal(waiting.filter(({ recipients }) => recipients[0]!.attempts > 0).length, first);

  // A probe goes first; it fails, so nobody else tries.
  await world.pass(5 * MINUTE);
  assert.equal(countTried(world, "dead.test"), first + 1);
  // The next one succeeds, and all follow.
  dead = false;
  await world.pass(10 * MINUTE, 10_000);
  await world.pass(30_000, 1_000);
  assert.equal(world.store.stats().queuedMessages, 0);
  assert.equal(countTried(world, "dead.test"), first + 1 + 1500);
});

Deno.test("dead destination: a new message for it waits, and an operator's wake-up tries at once", async () => {
  await using world = makeQueueWorld({ answer: () => "us: 451 4.4.1 No connection" });
  world.runner.start();
  await world.put("m1", ["a@dead.test"]);
  await world.calm();
  await world.put("m2", ["b@dead.test"]);
  await world.calm();
  assert.deepEqual(world.tried, ["a@dead.test"]);
  await world.store.spool.flush({}, world.clock.now());
  world.runner.wake();
  await world.calm();
  assert.ok(world.tried.length >= 2);
});

Deno.test("dead destination: its messages still get their notice and their end", async () => {
  await using world = makeQueueWorld({ answer: () => "us: 451 4.4.1 No connection" });
  world.runner.start();
  await world.put("m1", ["a@dead.test"]);
  await world.put("m2", ["b@dead.test"]);
  await world.pass((5 * 24 + 1) * 60 * MINUTE, 30 * MINUTE);
  assert.equal(world.store.stats().queuedMessages, 0);
  const actions = world.reports.map(({ text }) => /^Action: (\w+)\r$/m.exec(text)![1]);
  assert.deepEqual(actions.sort(), ["delayed", "delayed", "failed", "failed"]);
});

Deno.test("dead destination: a host that answers, if only with 421, is not dead", async () => {
  await using world = makeQueueWorld({ answer: () => "421 4.4.2 Busy" });
  await putMany(world, 30, "busy.test");
  world.runner.start();
  await world.calm();
  assert.equal(world.tried.length, 30);
});
