import assert from "node:assert/strict";
import { accept, type ContractCase, staged } from "./harness.ts";

export const factCases: readonly ContractCase[] = [
  {
    name: "a fact is there until it expires, each space for itself",
    async run({ store: { facts }, clock }) {
      const now = clock.now();
      await facts.put("one", { key: "k", value: "ä\u2028'", expiresAt: now + 1000 });
      await facts.put("two", { key: "k", value: "other", expiresAt: now + 500 });
      assert.deepEqual(await facts.get("one", "k"), { key: "k", value: "ä\u2028'", expiresAt: now + 1000 });
      assert.equal((await facts.get("two", "k"))?.value, "other");
      assert.equal(await facts.get("one", "K"), null);
      await facts.put("two", { key: "k", value: "newer", expiresAt: now + 2000 });
      assert.equal((await facts.get("two", "k"))?.value, "newer");
      await clock.advance(1000);
      assert.equal(await facts.get("one", "k"), null, "at its time it is gone");
      assert.equal((await facts.get("two", "k"))?.value, "newer");
      await facts.remove("two", "k");
      await facts.remove("two", "never");
      assert.equal(await facts.get("two", "k"), null);
    },
  },
  {
    name: "facts come with a delivery, or not at all when it fails, also when nobody is to have it",
    async run({ store, account, clock }) {
      const fact = (key: string) => ({ space: "marks", key, value: "here", expiresAt: clock.now() + 1000 });
      await accept(store, { id: "a", local: [{ account }], facts: [fact("one"), fact("two")] });
      assert.deepEqual((await store.facts.list("marks")).map(({ key }) => key), ["one", "two"]);
      await accept(store, { id: "b", facts: [fact("three")] });
      assert.equal((await store.facts.get("marks", "three"))?.value, "here");
      const body = await staged(store, "Subject: x\r\n\r\n");
      const delivery = { id: "c", body, receivedAt: 0, local: [{ account }], queued: null };
      await store.accept(delivery);
      await assert.rejects(store.accept({ ...delivery, facts: [fact("four")] }));
      assert.equal(await store.facts.get("marks", "four"), null);
    },
  },
  {
    name: "a counter begins at 0 and keeps the time that it got first",
    async run({ store: { facts }, clock }) {
      const now = clock.now();
      const add = (by: number, expiresAt: number) => facts.add("sent", { key: "alice", by, expiresAt });
      assert.equal(await add(3, now + 100), 3);
      assert.equal(await add(4, now + 9000), 7);
      assert.deepEqual(await facts.get("sent", "alice"), { key: "alice", value: "7", expiresAt: now + 100 });
      await clock.advance(100);
      assert.equal(await add(1, now + 200), 1, "it had expired");
      assert.equal(await add(-2, now + 200), -1);
      await facts.put("sent", { key: "alice", value: "no number", expiresAt: now + 200 });
      assert.equal(await add(5, now + 200), 5);
    },
  },
  {
    name: "nothing that is added at the same time is lost",
    async run({ store: { facts }, clock }) {
      const expiresAt = clock.now() + 1000;
      const values = await Promise.all(
        Array.from({ length: 100 }, () => facts.add("race", { key: "k", by: 1, expiresAt })),
      );
      assert.deepEqual(values.toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i + 1));
    },
  },
  {
    name: "a list is in the order of the keys, page by page, without what has expired",
    async run({ store: { facts }, clock }) {
      const now = clock.now();
      for (const key of ["d", "a", "c", "b", ""]) {
        await facts.put("list", { key, value: `v${key}`, expiresAt: now + (key === "b" ? 1 : 1000) });
      }
      await clock.advance(1);
      assert.deepEqual((await facts.list("list")).map(({ key }) => key), ["", "a", "c", "d"]);
      assert.deepEqual((await facts.list("list", { after: "", limit: 2 })).map(({ value }) => value), [
        "va",
        "vc",
      ]);
      assert.deepEqual((await facts.list("list", { after: "c" })).map(({ key }) => key), ["d"]);
      assert.deepEqual(await facts.list("nowhere"), []);
    },
  },
];
