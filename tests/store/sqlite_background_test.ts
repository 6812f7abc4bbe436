import assert from "node:assert/strict";
import { accept } from "../contract/store/harness.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "alice@example.com";

Deno.test("traces share the commits of the mail and never go before it", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const order: string[] = [];
      const before = store.stats().commits;
      const traces = Array.from({ length: 4 }, (_, i) =>
        store.trace.record([{ at: i, event: "e", message: "m", session: null, fields: {}, keys: [] }])
          .then(() =>
            order.push(`trace ${i}`)
          ));
      const mail = Array.from(
        { length: 40 },
        (_, i) =>
          accept(store, { id: `a${i}`, local: [{ account: ACCOUNT }] }).then(() => order.push("mail")),
      );
      await Promise.all([...mail, ...traces]);
      assert.deepEqual(order.filter((name) => name !== "mail"), [0, 1, 2, 3].map((i) => `trace ${i}`));
      assert.notEqual(order.at(-1), "mail", "the last trace waited for the mail");
      assert.ok(store.stats().commits - before < 44, "not one commit each");
      assert.equal((await store.trace.ofMessage("m")).length, 4);
    })
  ));

Deno.test("with no mail at all a trace is written by itself, and closing waits for it", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.trace.record([
        { at: 1, event: "alone", message: "m", session: null, fields: {}, keys: [] },
      ]);
      assert.equal((await store.trace.ofMessage("m")).length, 1);
      void store.trace.record([
        { at: 2, event: "late", message: "m", session: null, fields: {}, keys: [] },
      ]);
    });
    assert.equal(folder.count("trace_events"), 2);
  }));
