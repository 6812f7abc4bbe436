import assert from "node:assert/strict";
import type { Store } from "../../src/store/mod.ts";
import { makeQueueWorld } from "./world.ts";

/** A store whose bodies cannot be read any more. */
function unreadable(store: Store): Store {
  return Object.create(store, {
    close: { value: () => store.close() },
    accept: { value: store.accept.bind(store) },
    stats: { value: () => store.stats() },
    bodies: {
      value: {
        stage: () => store.bodies.stage(),
        // deno-lint-ignore require-yield
        async *read() {
          throw new Error("The database or its disk is damaged");
        },
      },
    },
  });
}

Deno.test("queue: a failed message that cannot be read any more is reported without its header, and leaves", async () => {
  await using world = makeQueueWorld({ answer: () => "550 5.1.1 No such user", wrap: unreadable });
  await world.put("m1", ["gone@there.test"]);
  world.runner.start();
  await world.until(() => world.reports.length === 1, "the report");
  assert.match(world.reports[0]!.text, /^Final-Recipient: rfc822; gone@there\.test\r$/m);
  assert.equal(world.log.of("original-unreadable").length, 1);
  await world.calm();
  assert.deepEqual(await world.store.spool.list(), []);
});
