import assert from "node:assert/strict";
import type { QueuedMessage, Store } from "../../src/store/mod.ts";
import { makeQueueWorld } from "./world.ts";

Deno.test("queue: a fresh message that a look at the store brings first is not sent a second time when it is heard of", async () => {
  const notices: (() => void)[] = [];
  /** Tells at once that there is something, and what it is only later. */
  const late = (store: Store): Store =>
    Object.create(store, {
      close: { value: () => store.close() },
      accept: { value: store.accept.bind(store) },
      stats: { value: () => store.stats() },
      bus: {
        value: {
          watchMailbox: store.bus.watchMailbox.bind(store.bus),
          watchSpool: (listener: (fresh: readonly QueuedMessage[]) => void) =>
            store.bus.watchSpool((fresh) => {
              listener([]);
              if (fresh.length > 0) notices.push(() => listener(fresh));
            }),
        },
      },
    });
  const answered = Promise.withResolvers<string>();
  await using world = makeQueueWorld({ answer: () => answered.promise, wrap: late });
  world.runner.start();
  await world.calm();
  await world.put("m1", ["one@there.test", "two@there.test"]);
  await world.until(() => world.tried.length === 2, "the attempt");
  assert.equal(notices.length, 1);
  for (const tell of notices) tell();
  await world.calm();
  answered.resolve("250 2.0.0 OK");
  await world.calm();
  assert.deepEqual(world.tried.length, 2);
});
