import assert from "node:assert/strict";
import { findMessages, readLife } from "../../../src/app/trace/life.ts";
import { makeControlHandlers } from "../../../src/app/control/mod.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import type { NewTraceEvent, Store } from "../../../src/store/mod.ts";
import { ManualClock, seededRandom } from "../../support/fakes.ts";

function event(part: Partial<NewTraceEvent>): NewTraceEvent {
  return { at: 1000, event: "e", message: "m", session: null, fields: {}, keys: [], ...part };
}

async function use(
  work: (store: Store, source: ReturnType<typeof makeControlHandlers>) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const store = openMemoryStore({ clock, random: seededRandom() });
  await work(store, makeControlHandlers({ store, clock }));
  await store.close();
}

Deno.test("trace life: the message's events, and who brought it", () =>
  use(async (store, source) => {
    await store.trace.record([
      event({ at: 1, event: "session-begin", message: null, session: "s" }),
      event({ at: 2, event: "auth-ok", message: null, session: "s" }),
      event({ at: 3, event: "message-accepted", message: "other", session: "s" }),
      event({ at: 4, event: "message-refused", message: null, session: "s" }),
      event({ at: 5, event: "message-accepted", session: "s" }),
      event({ at: 6, event: "delivery-attempt", session: "out" }),
      event({ at: 7, event: "session-end", message: null, session: "s" }),
      event({ at: 5, event: "session-begin", message: null, session: "out" }),
    ]);
    const life = await readLife(source, "m");
    assert.deepEqual(life?.events.map((one) => one.event), [
      "session-begin",
      "auth-ok",
      "message-accepted",
      "delivery-attempt",
    ]);
    assert.equal(await readLife(source, "none"), null);
  }));

Deno.test("trace life: a very long one is read page by page, and cut where nobody reads on", () =>
  use(async (store, source) => {
    const many = (count: number, message: string) =>
      store.trace.record(Array.from({ length: count }, (_, at) => event({ at, message })));
    await many(450, "long");
    await many(5100, "endless");
    assert.deepEqual([
      (await readLife(source, "long"))?.events.length,
      (await readLife(source, "long"))?.isCut,
    ], [
      450,
      false,
    ]);
    const endless = await readLife(source, "endless");
    assert.deepEqual([endless?.events.length, endless?.isCut], [5000, true]);
  }));

Deno.test("trace life: a search finds each message once, the newest first, across pages", () =>
  use(async (store, source) => {
    const key = "a@x";
    await store.trace.record(
      Array.from(
        { length: 900 },
        (_, i) =>
          event({
            at: Math.floor(i / 90),
            event: "message-accepted",
            message: `m${Math.floor(i / 3)}`,
            keys: [key],
          }),
      ),
    );
    await store.trace.record([
      event({ at: 50, event: "message-refused", message: null, session: "s", keys: [key] }),
    ]);
    const all = await findMessages(source, { key, since: 0, limit: 1000 });
    assert.equal(all.length, 301);
    assert.deepEqual(all.slice(0, 2).map(({ message }) => message), [null, "m299"]);
    assert.equal(new Set(all.map(({ message }) => message)).size, 301);
    assert.equal((await findMessages(source, { key, since: 9, limit: 1000 })).length, 31);
    assert.equal((await findMessages(source, { key, since: 0, limit: 7 })).length, 7);
    assert.deepEqual(await findMessages(source, { key: "b@x", since: 0, limit: 7 }), []);
  }));

Deno.test("trace life: more of one millisecond than fits on a page does not go round in circles", () =>
  use(async (store, source) => {
    await store.trace.record(
      Array.from(
        { length: 500 },
        (_, i) => event({ message: `m${i}`, event: "message-accepted", keys: ["a@x"] }),
      ),
    );
    const found = await findMessages(source, { key: "a@x", since: 0, limit: 1000 });
    assert.equal(found.length, 200);
  }));
