import assert from "node:assert/strict";
import { Refusal } from "../../src/core/errors.ts";
import { reply } from "../../src/core/reply.ts";
import type { QueuedMessage, Store } from "../../src/store/mod.ts";
import { makeQueueWorld, TEXT } from "./world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BOB = "bob@there.test";

function list(store: Store): Promise<QueuedMessage[]> {
  return store.spool.list();
}

Deno.test("queue: a fresh message leaves at once, without what is for local mailboxes only", async () => {
  let sent = "";
  await using world = makeQueueWorld({
    async answer(_to, attempt) {
      for await (const part of attempt.content()) sent += new TextDecoder().decode(part);
      assert.equal(attempt.size, TEXT.length);
      return "250 2.0.0 OK";
    },
  });
  world.runner.start();
  await world.calm();
  await world.put("m1", [BOB], { text: `Return-Path: <x>\r\n${TEXT}`, skip: 18 });
  await world.calm();
  assert.equal(sent, TEXT);
  assert.deepEqual(await list(world.store), []);
  assert.deepEqual(
    world.log.of("delivery-result").map(({ fields }) => [fields["message"], fields["result"]]),
    [
      ["m1", "relayed"],
    ],
  );
  assert.equal(world.metrics.counters.get("mailden_messages_out_total{result=relayed}"), 1);
});

Deno.test("queue: what was queued before the start leaves too", async () => {
  await using world = makeQueueWorld();
  await world.put("m1", [BOB]);
  world.runner.start();
  await world.calm();
  assert.deepEqual(world.tried, [BOB]);
});

Deno.test("queue: what is deferred is tried again after 5, 10, 20 minutes", async () => {
  let failures = 3;
  await using world = makeQueueWorld({ answer: () => failures-- > 0 ? "450 4.2.0 Later" : "250 2.0.0 OK" });
  world.runner.start();
  await world.put("m1", [BOB]);
  await world.calm();
  const tries = [world.tried.length];
  for (const minutes of [4, 1, 9, 1, 19, 1]) {
    await world.pass(minutes * MINUTE);
    tries.push(world.tried.length);
  }
  assert.deepEqual(tries, [1, 1, 2, 2, 3, 3, 4]);
  assert.deepEqual(await list(world.store), []);
});

Deno.test("queue: recipients of one message go their own ways", async () => {
  const answers: Record<string, string> = {
    "ok@there.test": "250 2.0.0 OK",
    "later@there.test": "450 4.2.0 Later",
    "gone@there.test": "550 5.1.1 Gone",
    "ok@far.test": "250 2.0.0 OK",
  };
  await using world = makeQueueWorld({ answer: (to) => answers[to]! });
  world.runner.start();
  await world.put("m1", Object.keys(answers));
  await world.calm();
  const [left] = await list(world.store);
  assert.deepEqual(
    left!.recipients.map(({ address, attempts, lastReply }) => [address.local, attempts, lastReply]),
    [
      ["later", 1, "450 4.2.0 Later"],
    ],
  );
  assert.equal(world.reports.length, 1);
  assert.match(world.reports[0]!.text, /^Final-Recipient: rfc822; gone@there\.test\r$/m);
  assert.ok(!world.reports[0]!.text.includes("later@there.test"));
});

Deno.test("queue: the report goes to the sender from the null sender, and is in the store before the failure is settled", async () => {
  const order: string[] = [];
  await using world = makeQueueWorld({
    answer: () => "550 5.1.1 Gone",
    async submit(envelope, _message, context) {
      order.push("report");
      assert.equal(envelope.sender, null);
      assert.deepEqual(envelope.recipients, [{ local: "alice", domain: "here.test" }]);
      assert.equal(context.origin, "report");
      assert.equal(context.sessionId, "m1");
      return envelope.recipients.map((recipient) => ({
        recipient,
        kind: "stored",
        reply: reply(250, "2.0.0", "OK"),
        host: null,
      }));
    },
    wrap(store) {
      const settle = store.spool.settle.bind(store.spool);
      store.spool.settle = (id, updates) => {
        order.push("settle");
        return settle(id, updates);
      };
      return store;
    },
  });
  world.runner.start();
  await world.put("m1", [BOB]);
  await world.calm();
  assert.deepEqual(order, ["report", "settle"]);
  assert.equal(world.log.of("message-bounced").length, 1);
});

Deno.test("queue: the null sender gets no report", async () => {
  await using world = makeQueueWorld({ answer: () => "550 5.1.1 Gone" });
  world.runner.start();
  await world.put("m1", [BOB], { sender: null });
  await world.calm();
  assert.deepEqual(world.reports, []);
  assert.deepEqual(await list(world.store), []);
});

Deno.test("queue: a report that cannot be stored now keeps the recipient; one that never can does not", async () => {
  for (
    const [refusal, left] of [[Refusal.of(452, "4.3.1", "Full"), 1], [
      Refusal.of(550, "5.1.1", "Gone"),
      0,
    ]] as const
  ) {
    await using world = makeQueueWorld({
      answer: () => "550 5.1.1 Gone",
      submit: () => Promise.reject(refusal),
    });
    world.runner.start();
    await world.put("m1", [BOB]);
    await world.calm();
    assert.equal((await list(world.store)).length, left);
    await world.pass(MINUTE);
    assert.equal(world.tried.length, 1 + left);
    assert.equal(world.log.of("report-failed").length, 1 + left);
  }
});

Deno.test("queue: the sender hears once that it is late, after four hours, and at the end, after five days", async () => {
  await using world = makeQueueWorld({ answer: () => "450 4.2.0 Later" });
  world.runner.start();
  await world.put("m1", [BOB]);
  await world.pass(4 * HOUR - SECOND, 10 * MINUTE);
  assert.equal(world.reports.length, 0);
  await world.pass(SECOND);
  assert.equal(world.reports.length, 1);
  assert.match(world.reports[0]!.text, /^Action: delayed\r$/m);
  await world.pass(5 * DAY - 4 * HOUR - SECOND, 2 * HOUR);
  assert.equal(world.reports.length, 1);
  await world.pass(SECOND);
  assert.equal(world.reports.length, 2);
  assert.match(world.reports[1]!.text, /^Action: failed\r$/m);
  assert.match(world.reports[1]!.text, /could not be delivered in time/);
  assert.deepEqual(await list(world.store), []);
});

Deno.test("queue: a message of many recipients goes out in portions", async () => {
  const sizes: number[] = [];
  await using world = makeQueueWorld({
    settings: { recipientsPerAttempt: 10 },
    answer(to, attempt) {
      if (to.startsWith("r0@") || to.startsWith("r10@") || to.startsWith("r20@")) {
        sizes.push(attempt.recipients.length);
      }
      return "250 2.0.0 OK";
    },
  });
  world.runner.start();
  await world.put("m1", Array.from({ length: 25 }, (_, index) => `r${index}@there.test`));
  await world.calm();
  assert.deepEqual(sizes.sort(), [10, 10, 5]);
  assert.equal(new Set(world.tried).size, 25);
  assert.deepEqual(await list(world.store), []);
});

Deno.test("queue: when the courier breaks down, the message waits", async () => {
  await using world = makeQueueWorld({ answer: () => Promise.reject(new Error("A bug")) });
  world.runner.start();
  await world.put("m1", [BOB]);
  await world.calm();
  const [left] = await list(world.store);
  assert.equal(left!.recipients[0]!.lastReply, "451 4.3.0 Internal error, will try again");
  assert.equal(world.log.of("delivery-error").length, 1);
});

Deno.test("queue: a result that the store cannot take is written down later, and nothing is sent twice", async () => {
  let full = true;
  await using world = makeQueueWorld({
    wrap(store) {
      const settle = store.spool.settle.bind(store.spool);
      store.spool.settle = (id, updates) =>
        full ? Promise.reject(Refusal.of(452, "4.3.1", "Disk full")) : settle(id, updates);
      return store;
    },
  });
  world.runner.start();
  await world.put("m1", [BOB]);
  await world.calm();
  await world.pass(10 * MINUTE, MINUTE);
  assert.equal((await list(world.store)).length, 1);
  full = false;
  await world.pass(MINUTE);
  assert.deepEqual(await list(world.store), []);
  assert.deepEqual(world.tried, [BOB]);
});

Deno.test("queue: a look at the store that began before an attempt was settled does not repeat it", async () => {
  const slow = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<string>();
  let looks = 0;
  await using world = makeQueueWorld({
    answer: (to) => to === BOB ? answered.promise : "250 2.0.0 OK",
    wrap(store) {
      const due = store.spool.due.bind(store.spool);
      store.spool.due = async (now, limit) => {
        const page = await due(now, limit);
        if (++looks === 2) await slow.promise;
        return page;
      };
      return store;
    },
  });
  world.runner.start();
  await world.calm();
  await world.put("m1", [BOB]);
  await world.until(() => world.tried.length === 1);
  // This look sees m1 as due, and is held up.
  world.runner.wake();
  await world.until(() => looks === 2);
  await world.put("m2", ["carol@far.test"]);
  answered.resolve("250 2.0.0 OK");
  await world.until(() => world.store.stats().queuedMessages === 0);
  slow.resolve();
  await world.calm();
  assert.deepEqual(world.tried, [BOB, "carol@far.test"]);
});

Deno.test("queue: what an operator holds or drops while it waits in memory is not sent", async () => {
  const gate = Promise.withResolvers<void>();
  await using world = makeQueueWorld({
    settings: { concurrencyPerDestination: 1 },
    async answer() {
      await gate.promise;
      return "250 2.0.0 OK";
    },
  });
  world.runner.start();
  for (const id of ["m1", "m2", "m3", "m4"]) await world.put(id, [`${id}@there.test`]);
  await world.until(() => world.tried.length === 1);
  await world.calm();
  await world.store.spool.hold({ id: "m2" }, true);
  await world.store.spool.drop({ id: "m3" });
  await world.pass(6_000, 1_000);
  gate.resolve();
  await world.calm();
  assert.deepEqual(world.tried, ["m1@there.test", "m4@there.test"]);
  assert.deepEqual((await list(world.store)).map(({ id }) => id), ["m2"]);
});

Deno.test("queue: stopping lets attempts finish", async () => {
  const gate = Promise.withResolvers<void>();
  await using world = makeQueueWorld({
    async answer() {
      await gate.promise;
      return "250 2.0.0 OK";
    },
  });
  world.runner.start();
  await world.put("m1", [BOB]);
  await world.until(() => world.tried.length === 1);
  const stopping = world.runner.stop();
  await world.put("m2", [BOB]);
  await world.calm();
  gate.resolve();
  await stopping;
  assert.deepEqual((await list(world.store)).map(({ id }) => id), ["m2"]);
  assert.deepEqual(world.tried, [BOB]);
});

Deno.test("queue: stopping cuts off what takes too long, which does not count as an attempt", async () => {
  await using world = makeQueueWorld({
    answer: () =>
      new Promise((resolve) => {
        world.signals[0]!.addEventListener("abort", () => resolve("us: 451 4.3.2 Stopping"));
      }),
  });
  world.runner.start();
  await world.put("m1", [BOB]);
  await world.until(() => world.tried.length === 1);
  const stopping = world.runner.stop();
  await world.calm();
  await world.clock.advance(8_000);
  await stopping;
  assert.ok(world.signals[0]!.aborted);
  const [left] = await list(world.store);
  assert.equal(left!.recipients[0]!.attempts, 0);
});
