import assert from "node:assert/strict";
import type { NewTraceEvent, TraceEvent } from "../../../src/store/mod.ts";
import type { ContractCase } from "./harness.ts";

export const traceCases: readonly ContractCase[] = [
  {
    name: "an event comes back as it was recorded",
    async run({ store }) {
      const given: NewTraceEvent = {
        at: 5000,
        event: "message-accepted",
        message: "m-whole",
        session: "s-whole",
        fields: {
          size: 12,
          from: "ä\u0000\u2028'\"",
          tls: null,
          ok: true,
          to: ["a@x.example", "b@x.example"],
        },
        keys: ["a@whole.example", "<id@whole.example>"],
      };
      await store.trace.record([given]);
      const { keys, ...kept } = given;
      assert.deepEqual(await store.trace.ofMessage("m-whole"), [kept]);
      assert.deepEqual(await store.trace.ofSession("s-whole"), [], "it belongs to a message");
      for (const key of keys) assert.deepEqual(await store.trace.find(key), [kept]);
      assert.deepEqual(await store.trace.find("other@whole.example"), []);
    },
  },
  {
    name: "of a message and of a session, in the order of time, page by page",
    async run({ store }) {
      const times = [30, 10, 20, 10, 40];
      await store.trace.record(
        times.flatMap((at, i) => [
          event({ at, event: `e${i}`, message: "m-order", session: "s-order" }),
          event({ at, event: `e${i}`, message: null, session: "s-order" }),
        ]),
      );
      await store.trace.record([event({ at: 15, event: "late", message: "m-order" })]);
      const names = (events: readonly TraceEvent[]) => events.map((one) => one.event);
      assert.deepEqual(names(await store.trace.ofMessage("m-order")), ["e1", "e3", "late", "e2", "e0", "e4"]);
      assert.deepEqual(names(await store.trace.ofSession("s-order")), ["e1", "e3", "e2", "e0", "e4"]);
      assert.deepEqual(names(await store.trace.ofMessage("m-order", { offset: 2, limit: 3 })), [
        "late",
        "e2",
        "e0",
      ]);
      assert.deepEqual(names(await store.trace.ofSession("s-order", { offset: 4 })), ["e4"]);
      assert.deepEqual(await store.trace.ofMessage("m-none"), []);
    },
  },
  {
    name: "find: the newest first, within its times and its limit",
    async run({ store }) {
      const key = "find@example.com";
      await store.trace.record(
        [1, 2, 3, 4, 5, 5].map((at, i) => event({ at, event: `f${i}`, keys: [key, key] })),
      );
      const found = async (options?: { since?: number; until?: number; limit?: number }) =>
        (await store.trace.find(key, options)).map((one) => one.event);
      assert.deepEqual(await found(), ["f5", "f4", "f3", "f2", "f1", "f0"]);
      assert.deepEqual(await found({ since: 3 }), ["f5", "f4", "f3", "f2"]);
      assert.deepEqual(await found({ until: 3 }), ["f1", "f0"]);
      assert.deepEqual(await found({ since: 2, until: 5, limit: 2 }), ["f3", "f2"]);
    },
  },
  {
    name: "find: across hours and days, with as many as are wanted",
    async run({ store }) {
      const key = "apart@example.com";
      const hour = 3_600_000;
      const times = [0, 1, hour, 2 * hour + 5, 30 * hour, 30 * hour + 1, 400 * hour].map((ms) =>
        1_700_000_000_000 + ms
      );
      await store.trace.record(times.map((at) => event({ at, keys: [key, `other${at}@example.com`] })));
      const found = async (options?: { since?: number; until?: number; limit?: number }) =>
        (await store.trace.find(key, options)).map(({ at }) => times.indexOf(at));
      assert.deepEqual(await found(), [6, 5, 4, 3, 2, 1, 0]);
      assert.deepEqual(await found({ since: times[2]!, until: times[5]! }), [4, 3, 2]);
      assert.deepEqual(await found({ since: times[1]!, limit: 3 }), [6, 5, 4]);
      assert.deepEqual(await found({ until: times[1]! }), [0]);
    },
  },
  {
    name: "an event before there is a message is found by its session and its keys",
    async run({ store }) {
      const refused = event({
        event: "recipient-refused",
        message: null,
        session: "s-refused",
        keys: ["no@x.example"],
      });
      await store.trace.record([refused, event({ event: "bare", message: null, session: null })]);
      const { keys: _, ...kept } = refused;
      assert.deepEqual(await store.trace.ofSession("s-refused"), [kept]);
      assert.deepEqual(await store.trace.find("no@x.example"), [kept]);
    },
  },
  {
    name: "many at once, and from several writers",
    async run({ store }) {
      await Promise.all(Array.from({ length: 8 }, (_, round) =>
        store.trace.record(
          Array.from({ length: 250 }, (_, i) => event({ at: i, message: `many${round}`, keys: ["many"] })),
        )));
      for (let round = 0; round < 8; round++) {
        assert.equal((await store.trace.ofMessage(`many${round}`)).length, 250);
      }
      assert.equal((await store.trace.find("many", { limit: 3000 })).length, 2000);
      await store.trace.record([]);
    },
  },
  {
    name: "purge forgets what is older, a bounded number at a time",
    async run({ store }) {
      while (await store.trace.purge(Number.MAX_SAFE_INTEGER, 1000) > 0);
      await store.trace.record(
        [1, 2, 3, 4].map((at) => event({ at, message: "m-purge", keys: ["purge"] })),
      );
      assert.equal(await store.trace.purge(4, 2), 2);
      assert.deepEqual((await store.trace.ofMessage("m-purge")).map(({ at }) => at), [3, 4]);
      assert.deepEqual((await store.trace.find("purge")).map(({ at }) => at), [4, 3]);
      assert.equal(await store.trace.purge(4, 2), 1);
      assert.equal(await store.trace.purge(4, 2), 0);
      assert.deepEqual((await store.trace.find("purge")).map(({ at }) => at), [4]);
    },
  },
];

function event(part: Partial<NewTraceEvent>): NewTraceEvent {
  return { at: 1000, event: "event", message: "m", session: null, fields: {}, keys: [], ...part };
}
