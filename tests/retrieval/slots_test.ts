import assert from "node:assert/strict";
import { Slots } from "../../src/retrieval/slots.ts";

const never = () => new AbortController().signal;

Deno.test("slots: so many at a time, in the order in which they came", async () => {
  const slots = new Slots({ current: 2 });
  const [first] = [await slots.take(never()), await slots.take(never())];
  const order: string[] = [];
  const third = slots.take(never()).then((release) => (order.push("third"), release));
  const fourth = slots.take(never()).then((release) => (order.push("fourth"), release));
  first!();
  first!();
  (await third)!();
  (await fourth)!();
  assert.deepEqual(order, ["third", "fourth"]);
});

Deno.test("slots: who leaves the queue is not called in another's place", async () => {
  const slots = new Slots({ current: 1 });
  const release = await slots.take(never());
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  const waiting = slots.take(never());
  leaving.abort();
  assert.equal(await left, null);
  release!();
  assert.ok(await waiting);
});

Deno.test("slots: who gives one back and wants another at once stands behind those who wait", async () => {
  const slots = new Slots({ current: 1 });
  const order: string[] = [];
  const first = await slots.take(never());
  const second = slots.take(never()).then((release) => (order.push("second"), release!()));
  first!();
  const again = slots.take(never()).then((release) => (order.push("first again"), release!()));
  await Promise.all([second, again]);
  assert.deepEqual(order, ["second", "first again"]);
});
