import assert from "node:assert/strict";
import { Deadline } from "../../src/net/deadline.ts";
import { systemClock, systemRandom } from "../../src/net/system.ts";

Deno.test("net: a deadline fires once, when it is set and not lifted", async () => {
  let fired = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = new Deadline(() => {
    fired++;
    resolve();
  });
  deadline.set(10);
  deadline.lift();
  await systemClock.sleep(30);
  assert.equal(fired, 0);
  deadline.set(10_000);
  deadline.set(10);
  await promise;
  await systemClock.sleep(20);
  assert.equal(fired, 1);
  deadline.set(10);
  deadline.stop();
  deadline.stop();
  await systemClock.sleep(20);
  assert.equal(fired, 1);
});

Deno.test("net: a deadline that moves away while its timer runs fires at the later time", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const start = performance.now();
  const deadline = new Deadline(() => resolve(performance.now() - start));
  // The timer of the first is left running: it fires four times too early.
  for (const ms of [15, 40, 70, 100]) deadline.set(ms);
  assert.ok(await promise >= 100);
});

Deno.test("net: a deadline far beyond what a timer takes does not fire at once", async () => {
  let fired = false;
  const deadline = new Deadline(() => fired = true);
  deadline.set(365 * 86_400_000);
  await systemClock.sleep(10);
  assert.equal(fired, false);
  deadline.stop();
});

Deno.test("net: sleep ends at once when its signal aborts", async () => {
  await systemClock.sleep(1_000_000, AbortSignal.abort());
  const controller = new AbortController();
  const sleeping = systemClock.sleep(1_000_000, controller.signal);
  controller.abort();
  await sleeping;
  const before = systemClock.now();
  await systemClock.sleep(5, new AbortController().signal);
  assert.ok(systemClock.now() >= before + 4);
});

Deno.test("net: random bytes of any length, and fractions", () => {
  for (const length of [0, 1, 16, 65536, 200_000]) {
    const bytes = systemRandom.bytes(length);
    assert.equal(bytes.length, length);
    if (length > 1000) assert.ok(new Set(bytes.subarray(length - 1000)).size > 200);
  }
  const fractions = Array.from({ length: 1000 }, () => systemRandom.fraction());
  assert.ok(fractions.every((fraction) => fraction >= 0 && fraction < 1));
  assert.ok(Math.abs(fractions.reduce((sum, fraction) => sum + fraction) / 1000 - 0.5) < 0.1);
});
