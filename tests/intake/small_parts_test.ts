import assert from "node:assert/strict";
import { BoundedMap } from "../../src/intake/bounded_map.ts";
import { FailureLedger } from "../../src/intake/failure_ledger.ts";
import { Turnstile, TurnstileFullError } from "../../src/intake/turnstile.ts";
import { FixedClock } from "../support/fakes.ts";

Deno.test("bounded map: what was used longest ago goes first", () => {
  const map = new BoundedMap<number>();
  for (const [key, value] of [["a", 1], ["b", 2], ["c", 3]] as const) map.set(key, value, 3);
  assert.equal(map.get("a"), 1);
  map.set("d", 4, 3);
  assert.deepEqual(["a", "b", "c", "d"].map((key) => map.get(key)), [1, undefined, 3, 4]);
  map.set("e", 5, 1);
  assert.equal(map.size, 1);
});

Deno.test("failure ledger: strangers cannot make it grow, and it forgets", async () => {
  const clock = new FixedClock();
  const ledger = new FailureLedger(clock);
  const options = { windowMs: 1000, capacity: 10 };
  for (let i = 0; i < 1000; i++) ledger.note(`stranger ${i}`, options);
  assert.equal(ledger.note("one", options), 1);
  assert.equal(ledger.note("one", options), 2);
  assert.equal(ledger.failures("stranger 1", 1000), 0);
  await clock.sleep(1000);
  assert.equal(ledger.failures("one", 1000), 0);
  assert.equal(ledger.note("one", options), 1);
});

Deno.test("turnstile: a few at a time, in order, and a full line turns away", async () => {
  const turnstile = new Turnstile();
  const limits = { concurrent: 2, waiting: 2 };
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const runs = gates.map((gate, index) =>
    turnstile.run(() => {
      begun.push(index);
      return gate.promise;
    }, limits)
  );
  await assert.rejects(turnstile.run(() => Promise.resolve(), limits), TurnstileFullError);
  assert.deepEqual(begun, [0, 1]);
  gates[1]!.reject(new Error("This one fails"));
  await assert.rejects(runs[1]!);
  assert.deepEqual(begun, [0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all([runs[0], runs[2], runs[3]]);
  assert.deepEqual(begun, [0, 1, 2, 3]);
  assert.equal(await turnstile.run(() => Promise.resolve(7), limits), 7);
});
