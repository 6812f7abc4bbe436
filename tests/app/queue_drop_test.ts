import assert from "node:assert/strict";
import { makeControlHandlers } from "../../src/app/control/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { ManualClock, RecordingLog, seededRandom } from "../support/fakes.ts";
import { accept, queueEntry } from "../contract/store/harness.ts";

Deno.test("queue drop by domain: each message that goes has a line of its own", async () => {
  const clock = new ManualClock();
  const store = openMemoryStore({ clock, random: seededRandom() });
  const log = new RecordingLog();
  await accept(store, {
    id: "m1",
    queued: queueEntry(["a@dead.example", "b@dead.example", "c@live.example"]),
  });
  await accept(store, { id: "m2", queued: queueEntry(["a@live.example"]) });
  await accept(store, { id: "m3", queued: queueEntry(["a@dead.example"]) });
  const handlers = makeControlHandlers({ store, clock, log });
  assert.equal(await handlers.queueDrop({ recipientDomain: "dead.example" }), 2);
  assert.deepEqual(
    log.of("queue-dropped").map(({ fields }) => [fields["message"], fields["recipients"]]),
    [["m1", 2], ["m3", 1]],
  );
  const left = (await store.spool.list()).map(({ id, recipients }) => [id, recipients.length]);
  assert.deepEqual(left, [["m1", 1], ["m2", 1]]);
  assert.equal(await handlers.queueDrop({ recipientDomain: "dead.example" }), 0);
  await store.close();
});
