import assert from "node:assert/strict";
import type { QueueFilter, RecipientUpdate } from "../../../src/store/mod.ts";
import { accept, bytesOf, type ContractCase, queueEntry } from "./harness.ts";

export const spoolCases: readonly ContractCase[] = [
  {
    name: "what is queued is listed with all it was given",
    async run({ store }) {
      const queued = queueEntry(["a@One.example", "b@two.example"], { smtputf8: true, skip: 7, dueAt: 500 });
      await accept(store, { id: "q1", receivedAt: 400, queued, content: "1234567rest" });
      const message = await store.spool.get("q1");
      assert.ok(message !== null);
      const { bodyId, ...rest } = message;
      const recipient = {
        attempts: 0,
        nextAttemptAt: 500,
        held: false,
        delayNotified: false,
        lastReply: null,
        lastHost: null,
      };
      assert.deepEqual(rest, {
        id: "q1",
        size: 11,
        skip: 7,
        sender: { local: "sender", domain: "example.com" },
        smtputf8: true,
        eightBit: false,
        queuedAt: 400,
        recipients: [
          { index: 0, address: { local: "a", domain: "One.example" }, ...recipient },
          { index: 1, address: { local: "b", domain: "two.example" }, ...recipient },
        ],
      });
      assert.equal((await bytesOf(store, bodyId)).length, 11);
      assert.equal(await store.spool.get("q0"), null);
    },
  },
  {
    name: "what the sender asked for stays with the message and with each recipient",
    async run({ store }) {
      const asked = {
        returns: "headers",
        envelopeId: "QQ+1",
        requireTls: true,
        binary: true,
        recipients: [
          { notify: ["success", "delay"], originalRecipient: "rfc822;a@old.example" },
          { notify: null, originalRecipient: null },
          { notify: [], originalRecipient: null },
        ],
      } as const;
      const recipients = ["a@one.example", "b@one.example", "c@two.example"];
      await accept(store, { id: "w1", queued: queueEntry(recipients, { wishes: asked }) });
      const { recipients: perRecipient, ...wishes } = asked;
      for (
        const message of [
          await store.spool.get("w1"),
          (await store.spool.list())[0],
          (await store.spool.due(5000, 10))[0],
        ]
      ) {
        assert.deepEqual(message?.wishes, wishes);
        assert.deepEqual(message?.recipients.map(({ dsn }) => dsn), [
          perRecipient[0],
          undefined,
          perRecipient[2],
        ]);
      }
      await store.spool.settle("w1", [{ index: 0, state: waiting({}) }, {
        index: 1,
        state: { kind: "done" },
      }]);
      const later = await store.spool.get("w1");
      assert.deepEqual(later?.wishes, wishes);
      assert.deepEqual(later?.recipients.map(({ dsn }) => dsn), [perRecipient[0], perRecipient[2]]);
    },
  },
  {
    name: "a sender that asked for nothing leaves no wishes",
    async run({ store }) {
      const nothing = { returns: null, envelopeId: null, requireTls: false, binary: false };
      const recipients = [{ notify: null, originalRecipient: null }];
      await accept(store, { id: "w2", queued: queueEntry(["a@one.example"]) });
      await accept(store, {
        id: "w3",
        queued: queueEntry(["a@one.example"], { wishes: { ...nothing, recipients } }),
      });
      for (const message of await store.spool.list()) {
        assert.ok(!("wishes" in message), message.id);
        assert.ok(message.recipients.every((recipient) => !("dsn" in recipient)), message.id);
      }
    },
  },
  {
    name: "the null sender stays null",
    async run({ store }) {
      await accept(store, {
        id: "q2",
        queued: queueEntry(["a@one.example"], { sender: null, eightBit: true }),
      });
      const message = await store.spool.get("q2");
      assert.deepEqual([message?.sender, message?.eightBit], [null, true]);
      assert.equal((await store.spool.list({ sender: "" })).length, 1);
    },
  },
  {
    name: "postpone: what waits for a domain comes due later, without an attempt, and nothing else does",
    async run({ store }) {
      const put = (id: string, receivedAt: number, to: string[], more = {}) =>
        accept(store, { id, receivedAt, queued: queueEntry(to, { dueAt: 100, ...more }) });
      await put("fits", 50, ["a@dead.example", "b@live.example", "c@dead.example"]);
      await put("held", 50, ["a@dead.example"], { held: [true] });
      await put("later", 50, ["a@dead.example"], { dueAt: 301 });
      await put("old", 10, ["a@dead.example"]);
      await put("late", 20, ["a@dead.example"]);
      await put("told", 20, ["a@dead.example"]);
      const told = waiting({ attempts: 3, nextAttemptAt: 100, delayNotified: true });
      await store.spool.settle("told", [{ index: 0, state: told }]);
      const count = await store.spool.postpone({
        recipientDomain: "dead.example",
        dueBy: 300,
        queuedAfter: 10,
        unnoticedAfter: 20,
        until: 5000,
        spreadMs: 100,
        answer: { lastReply: "451 4.4.1 Nobody there", lastHost: null },
      });
      assert.equal(count, 3);
      const moved = new Map<string, string>();
      for (const { id, recipients } of await store.spool.list()) {
        for (const { address, nextAttemptAt, lastReply, attempts } of recipients) {
          if (lastReply !== "451 4.4.1 Nobody there") continue;
          assert.ok(nextAttemptAt >= 5000 && nextAttemptAt < 5100, String(nextAttemptAt));
          moved.set(`${id} ${address.local}`, `${attempts}`);
        }
      }
      assert.deepEqual([...moved], [["fits a", "0"], ["fits c", "0"], ["told a", "3"]]);
      const due = await store.spool.due(4999, 10);
      assert.deepEqual(
        due.map(({ id }) => id),
        ["fits", "late", "old", "later"],
        "the message's other recipient",
      );
    },
  },
  {
    name: "postpone: a domain with more than fits a slice, in messages to many, and without a spread",
    async run({ store }) {
      const crowd = Array.from({ length: 650 }, (_, i) => `u${i}@dead.example`);
      for (const id of ["m1", "m2"]) await accept(store, { id, queued: queueEntry(crowd, { dueAt: 1 }) });
      const what = { recipientDomain: "dead.example", dueBy: 1, queuedAfter: -1, unnoticedAfter: -1 };
      const answer = { lastReply: "451 4.4.1 Nobody there", lastHost: "mx.dead.example" };
      assert.equal(await store.spool.postpone({ ...what, until: 70, spreadMs: 0, answer }), 1300);
      assert.equal(await store.spool.nextDueAt(), 70);
      const [message] = await store.spool.due(70, 1);
      assert.deepEqual(
        new Set(message?.recipients.map(({ lastHost }) => lastHost)),
        new Set(["mx.dead.example"]),
      );
      assert.equal(
        await store.spool.postpone({ ...what, until: 80, spreadMs: 0, answer: null }),
        0,
        "not due",
      );
      const all = { ...what, dueBy: 70, until: 90, spreadMs: 0, answer: null };
      assert.equal(await store.spool.postpone(all), 1300);
      const later = await store.spool.get("m2");
      assert.ok(later!.recipients.every((recipient) => recipient.nextAttemptAt === 90));
      assert.ok(
        later!.recipients.every(({ lastReply }) => lastReply === answer.lastReply),
        "nobody was asked",
      );
    },
  },
  {
    name: "due: the longest due first, whole messages, up to the limit",
    async run({ store }) {
      for (const [id, dueAt] of [["c", 30], ["a", 10], ["b", 20], ["d", 40]] as const) {
        await accept(store, { id, queued: queueEntry(["x@one.example", "y@two.example"], { dueAt }) });
      }
      const due = async (now: number, limit: number) =>
        (await store.spool.due(now, limit)).map(({ id }) => id);
      assert.deepEqual(await due(9, 10), []);
      assert.deepEqual(await due(30, 10), ["a", "b", "c"]);
      assert.deepEqual(await due(100, 2), ["a", "b"]);
      assert.deepEqual(await due(100, 0), []);
      await store.spool.settle("a", [{ index: 0, state: waiting({ nextAttemptAt: 35 }) }]);
      assert.deepEqual(await due(30, 10), ["a", "b", "c"], "its second recipient is due still");
      assert.equal((await store.spool.due(30, 1))[0]?.recipients.length, 2);
      await store.spool.settle("a", [{ index: 1, state: waiting({ nextAttemptAt: 60 }) }]);
      assert.deepEqual(await due(100, 10), ["b", "c", "a", "d"]);
    },
  },
  {
    name: "nextDueAt is the earliest of those not held",
    async run({ store }) {
      assert.equal(await store.spool.nextDueAt(), null);
      await accept(store, { id: "n1", queued: queueEntry(["x@one.example"], { dueAt: 50 }) });
      await accept(store, { id: "n2", queued: queueEntry(["x@two.example"], { dueAt: 20 }) });
      assert.equal(await store.spool.nextDueAt(), 20);
      await store.spool.hold({ id: "n2" }, true);
      assert.equal(await store.spool.nextDueAt(), 50);
      assert.deepEqual((await store.spool.due(100, 10)).map(({ id }) => id), ["n1"]);
      await store.spool.hold({ held: true }, false);
      assert.equal(await store.spool.nextDueAt(), 20);
    },
  },
  {
    name: "settle notes an attempt, and takes out what is done",
    async run({ store, account }) {
      const recipients = ["a@one.example", "b@one.example", "c@two.example"];
      await accept(store, { id: "s1", local: [{ account }], queued: queueEntry(recipients) });
      const updates: RecipientUpdate[] = [
        { index: 0, state: { kind: "done" } },
        { index: 2, state: waiting({ attempts: 3, nextAttemptAt: 9000, delayNotified: true }) },
      ];
      await store.spool.settle("s1", updates);
      const message = await store.spool.get("s1");
      assert.deepEqual(message?.recipients.map(({ index }) => index), [1, 2]);
      assert.deepEqual(message?.recipients[1], {
        index: 2,
        address: { local: "c", domain: "two.example" },
        attempts: 3,
        nextAttemptAt: 9000,
        held: false,
        delayNotified: true,
        lastReply: "451 4.0.0 Later",
        lastHost: "mx.one.example [192.0.2.1]",
      });
      await store.spool.settle("s1", [1, 2].map((index) => ({ index, state: { kind: "done" } })));
      assert.equal(await store.spool.get("s1"), null);
      await store.spool.settle("s1", [{ index: 0, state: { kind: "done" } }]);
      await store.spool.settle("never", []);
    },
  },
  {
    name: "a body leaves with the last recipient",
    async run({ store }) {
      await accept(store, { id: "b1", queued: queueEntry(["a@one.example"]) });
      const bodyId = (await store.spool.get("b1"))!.bodyId;
      await store.spool.settle("b1", [{ index: 0, state: { kind: "done" } }]);
      await assert.rejects(() => bytesOf(store, bodyId));
    },
  },
  {
    name: "settle applies all or nothing to one message, and leaves others",
    async run({ store }) {
      for (const id of ["m1", "m2"]) await accept(store, { id, queued: queueEntry(["a@one.example"]) });
      await store.spool.settle("m1", [{ index: 0, state: waiting({ nextAttemptAt: 77 }) }]);
      assert.equal((await store.spool.get("m2"))?.recipients[0]?.nextAttemptAt, 1000);
    },
  },
  {
    name: "filters",
    async run({ store }) {
      const bob = { local: "Bob", domain: "example.com" };
      await accept(store, { id: "f1", queued: queueEntry(["a@one.example", "b@two.example"]) });
      await accept(store, { id: "f2", queued: queueEntry(["c@two.example"], { sender: bob }) });
      await accept(store, { id: "f3", queued: queueEntry(["d@three.example"], { sender: null }) });
      await store.spool.hold({ id: "f3" }, true);
      const table: readonly (readonly [QueueFilter, readonly string[]])[] = [
        [{}, ["f1", "f2", "f3"]],
        [{ id: "f2" }, ["f2"]],
        [{ recipientDomain: "two.example" }, ["f1", "f2"]],
        [{ sender: "bob@example.com" }, ["f2"]],
        [{ sender: "" }, ["f3"]],
        [{ held: true }, ["f3"]],
        [{ held: false, recipientDomain: "three.example" }, []],
        [{ sender: "sender@example.com", recipientDomain: "two.example" }, ["f1"]],
      ];
      for (const [filter, ids] of table) {
        const found = await store.spool.list(filter);
        assert.deepEqual(found.map(({ id }) => id), ids, JSON.stringify(filter));
      }
    },
  },
  {
    name: "flush makes what matches due, and counts recipients",
    async run({ store }) {
      await accept(store, {
        id: "g1",
        queued: queueEntry(["a@one.example", "b@two.example"], { dueAt: 9000 }),
      });
      await accept(store, { id: "g2", queued: queueEntry(["c@two.example"], { dueAt: 9000 }) });
      assert.equal(await store.spool.flush({ recipientDomain: "two.example" }, 5), 2);
      assert.deepEqual((await store.spool.due(5, 10)).map(({ id }) => id), ["g1", "g2"]);
      assert.equal(await store.spool.flush({ recipientDomain: "none.example" }, 5), 0);
      assert.equal((await store.spool.get("g1"))?.recipients[0]?.nextAttemptAt, 9000);
    },
  },
  {
    name: "drop takes out what matches, and counts messages",
    async run({ store }) {
      await accept(store, { id: "h1", queued: queueEntry(["a@one.example", "b@two.example"]) });
      await accept(store, { id: "h2", queued: queueEntry(["c@two.example", "d@two.example"]) });
      assert.equal(await store.spool.drop({ recipientDomain: "two.example" }), 2);
      assert.deepEqual((await store.spool.list()).map(({ id, recipients }) => [id, recipients.length]), [[
        "h1",
        1,
      ]]);
      assert.equal(await store.spool.drop({}), 1);
      assert.deepEqual(store.stats().queuedMessages, 0);
    },
  },
  {
    name: "list goes page by page",
    async run({ store }) {
      const ids = Array.from({ length: 7 }, (_, i) => `p${i}`);
      for (const id of ids.toReversed()) await accept(store, { id, queued: queueEntry(["a@one.example"]) });
      const seen: string[] = [];
      for (let after = "";;) {
        const page = await store.spool.list({}, { after, limit: 3 });
        seen.push(...page.map(({ id }) => id));
        if (page.length < 3) break;
        after = seen.at(-1)!;
      }
      assert.deepEqual(seen, ids);
    },
  },
  {
    name: "the figures follow the queue",
    async run({ store }) {
      const figures = () => [store.stats().queuedMessages, store.stats().queuedRecipients];
      assert.deepEqual(figures(), [0, 0]);
      await accept(store, { id: "k1", queued: queueEntry(["a@one.example", "b@two.example"]) });
      await accept(store, { id: "k2", queued: queueEntry(["a@one.example"]) });
      assert.deepEqual(figures(), [2, 3]);
      await assert.rejects(() => accept(store, { id: "k2", queued: queueEntry(["a@one.example"]) }));
      assert.deepEqual(figures(), [2, 3]);
      await store.spool.settle("k1", [{ index: 1, state: { kind: "done" } }]);
      assert.deepEqual(figures(), [2, 2]);
      await store.spool.drop({ id: "k1" });
      assert.deepEqual(figures(), [1, 1]);
    },
  },
  {
    name: "an entry without recipients is none",
    async run({ store, account }) {
      await accept(store, { id: "e1", local: [{ account }], queued: queueEntry([]) });
      assert.equal(await store.spool.get("e1"), null);
    },
  },
  {
    name: "what is held from the start is not due, and the bus tells what was queued as it can be read back",
    async run({ store }) {
      const heard: unknown[] = [];
      const stop = store.bus.watchSpool((fresh) => heard.push(...fresh));
      const queued = { ...queueEntry(["a@one.example", "b@two.example"], { dueAt: 5 }), held: [true, false] };
      await accept(store, { id: "h1", receivedAt: 5, queued });
      stop();
      const message = await store.spool.get("h1");
      assert.deepEqual(heard, [message]);
      assert.deepEqual(message?.recipients.map(({ held }) => held), [true, false]);
      await store.spool.hold({ recipientDomain: "two.example" }, true);
      assert.deepEqual(await store.spool.due(10, 10), []);
    },
  },
  {
    name: "filters: one recipient, and the time of queueing",
    async run({ store }) {
      await accept(store, {
        id: "f1",
        receivedAt: 100,
        queued: queueEntry(["Al@one.example", "b@one.example"]),
      });
      await accept(store, { id: "f2", receivedAt: 200, queued: queueEntry(["b@one.example"]) });
      const ids = async (filter: QueueFilter) => (await store.spool.list(filter)).map(({ id }) => id);
      assert.deepEqual(await ids({ recipient: "al@one.example" }), ["f1"]);
      assert.deepEqual(await ids({ recipient: "b@one.example" }), ["f1", "f2"]);
      assert.deepEqual(await ids({ queuedBefore: 200 }), ["f1"]);
      assert.equal(await store.spool.hold({ recipient: "al@one.example" }, true), 1);
    },
  },
];

function waiting(
  change: Partial<Extract<RecipientUpdate["state"], { kind: "waiting" }>>,
): RecipientUpdate["state"] {
  return {
    kind: "waiting",
    attempts: 1,
    nextAttemptAt: 2000,
    lastReply: "451 4.0.0 Later",
    lastHost: "mx.one.example [192.0.2.1]",
    delayNotified: false,
    ...change,
  };
}
