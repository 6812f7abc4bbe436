import assert from "node:assert/strict";
import {
  accept,
  ALL,
  append,
  bigMessage,
  bytesOf,
  mailboxOf,
  queueEntry,
  rowsOf,
} from "../contract/store/harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { DAY, StoreFolder, untilSwept } from "./support.ts";
import type { Store } from "../../src/store/mod.ts";
import type { SqliteStoreOptions } from "../../src/store/sqlite/mod.ts";

const ACCOUNT = "alice@example.com";

Deno.test("an expunged message is kept hidden with its body, and purged after its days", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await freshInbox(store);
      for (const content of ["Subject: a\r\n\r\n", bigMessage(500_000)]) {
        await append(store, inbox, { content, flags: ["\\Seen", "k"] });
      }
      await append(store, inbox);
      await store.messages.expunge(inbox.id, [[1, 2]], { any: true });
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.uid), [3]);
    });
    assert.deepEqual(hidden(folder), [["INBOX", 14, "k"], ["INBOX", 500_000, "k"]]);
    assert.equal(folder.count("bodies"), 3);
    await folder.clock.advance(6 * DAY);
    await sweep(folder);
    assert.equal(folder.count("hidden"), 2);
    await folder.clock.advance(2 * DAY);
    await sweep(folder);
    assert.deepEqual([folder.count("hidden"), folder.count("bodies"), folder.count("heads")], [0, 1, 1]);
    assert.equal(folder.count("chunks"), 1);
    assert.equal(folder.count("expunged"), 2, "QRESYNC's log stays");
  }));

Deno.test("rounds are made while the store is used", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      const inbox = await freshInbox(store);
      await append(store, inbox);
      const [row] = await rowsOf(store, inbox);
      await store.messages.expunge(inbox.id, ALL, { any: true });
      assert.ok((await bytesOf(store, row!.bodyId)).length > 0, "hidden, not gone");
      await folder.clock.advance(8 * DAY);
      await store.accounts.list();
      await gone(store, row!.bodyId);
    })
  ));

Deno.test("a moved message is not hidden", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await freshInbox(store);
      await append(store, inbox);
      await store.messages.move(inbox.id, ALL, (await mailboxOf(store, ACCOUNT, "Trash")).id);
    });
    assert.equal(folder.count("hidden"), 0);
    assert.equal(folder.count("expunged"), 1);
  }));

Deno.test("with no undelete days a body goes with its last reference", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await freshInbox(store);
      const other = "bob@example.com";
      await accept(store, {
        id: "m",
        local: [{ account: ACCOUNT }, { account: other }],
        queued: queueEntry(["x@y.example"]),
      });
      const bodyId = (await rowsOf(store, inbox))[0]!.bodyId;
      const theirs = await mailboxOf(store, other, "INBOX");
      await store.messages.copy(inbox.id, ALL, inbox.id);
      await store.messages.copy(inbox.id, [[1, 1]], theirs.id);
      const steps = [
        () => store.messages.expunge(inbox.id, ALL, { any: true }),
        () => store.spool.settle("m", [{ index: 0, state: { kind: "done" } }]),
        () => store.messages.expunge(theirs.id, [[2, 2]], { any: true }),
      ];
      for (const step of steps) {
        await step();
        assert.ok((await bytesOf(store, bodyId)).length > 0);
      }
      await store.messages.expunge(theirs.id, ALL, { any: true });
      await assert.rejects(() => bytesOf(store, bodyId));
    }, { undeleteDays: 0 });
    for (const table of ["messages", "bodies", "heads", "chunks", "hidden"]) {
      assert.equal(folder.count(table), 0, table);
    }
  }));

Deno.test("a removed mailbox is taken apart in slices, its messages hidden under its name", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const mailbox = await store.mailboxes.create(ACCOUNT, "Old");
      await Promise.all(Array.from({ length: 450 }, () => append(store, mailbox, { content: "x" })));
      await store.messages.expunge(mailbox.id, [[1, 250]], { any: true });
      await store.mailboxes.remove(ACCOUNT, "Old");
      assert.equal(await store.mailboxes.get(ACCOUNT, "Old"), null);
    });
    await sweep(folder);
    assert.deepEqual([folder.count("messages"), folder.count("expunged"), folder.count("hidden")], [
      0,
      0,
      450,
    ]);
    assert.ok(hidden(folder).every(([name]) => name === "Old"));
    assert.equal(folder.count("mailboxes"), 6);
  }));

Deno.test("a removed account leaves nothing, not even hidden messages", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await freshInbox(store);
      await Promise.all(Array.from({ length: 250 }, () => append(store, inbox, { content: "x" })));
      await append(store, inbox, { content: bigMessage(900_000) });
      await store.messages.expunge(inbox.id, [[1, 230]], { any: true });
      await store.mailboxes.create(ACCOUNT, "a");
      await store.mailboxes.remove(ACCOUNT, "a");
      await store.accounts.remove(ACCOUNT);
    });
    await sweep(folder);
    const tables = [
      "accounts",
      "mailboxes",
      "messages",
      "expunged",
      "hidden",
      "subscriptions",
      "retired_names",
      "bodies",
      "heads",
      "chunks",
    ];
    for (const table of tables) assert.equal(folder.count(table), 0, table);
  }));

Deno.test("what was staged and never used is swept away: after a discard, and at the next start", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const stages = [store.bodies.stage(), store.bodies.stage()];
      for (const stage of stages) {
        for (let i = 0; i < 12; i++) await stage.write(new Uint8Array(50_000).fill(i));
      }
      stages[0]!.discard();
    });
    assert.ok(folder.count("chunks") > 0, "the second was neither used nor discarded");
    await sweep(folder);
    assert.deepEqual([folder.count("chunks"), folder.count("bodies")], [0, 0]);
  }));

Deno.test("the figures of the queue are those of the last run", () =>
  StoreFolder.use(async (folder) => {
    await folder.with((store) =>
      accept(store, { id: "q", queued: queueEntry(["a@x.example", "b@y.example"]) })
    );
    await folder.with(async (store) => {
      assert.deepEqual([store.stats().queuedMessages, store.stats().queuedRecipients], [1, 2]);
      await store.spool.drop({});
      assert.deepEqual([store.stats().queuedMessages, store.stats().queuedRecipients], [0, 0]);
    });
  }));

Deno.test("traces past their days and expired facts go in slices; the rest stays", () =>
  StoreFolder.use(async (folder) => {
    const now = folder.clock.now();
    await folder.with(async (store) => {
      const events = Array.from({ length: 450 }, (_, i) => ({
        at: i < 430 ? now : now + 5 * DAY,
        event: "e",
        message: `m${i}`,
        session: null,
        fields: {},
        keys: ["k@example.com", `<${i}@example.com>`],
      }));
      await store.trace.record(events);
      for (let i = 0; i < 210; i++) {
        await store.facts.put("s", { key: `k${i}`, value: "", expiresAt: now + (i < 205 ? 1 : 9) * DAY });
      }
    });
    await folder.clock.advance(4 * DAY);
    const traceDays = { current: 3 };
    await sweep(folder, {});
    assert.deepEqual([folder.count("trace_events"), folder.count("facts")], [450, 5], "nobody said how long");
    await sweep(folder, { traceDays });
    assert.deepEqual([folder.count("trace_events"), folder.count("trace_keys")], [20, 40]);
    await folder.clock.advance(4 * DAY);
    await sweep(folder, { traceDays: { current: 0 } });
    const tables = ["trace_events", "trace_keys", "facts"];
    assert.deepEqual(tables.map((table) => folder.count(table)), [0, 0, 5]);
    await folder.clock.advance(DAY);
    await sweep(folder, {});
    assert.equal(folder.count("facts"), 0);
  }));

async function freshInbox(store: Store) {
  await store.accounts.ensure(ACCOUNT);
  return await mailboxOf(store, ACCOUNT, "INBOX");
}

/** Opens the store and waits until its sweeper has nothing more to do. */
async function sweep(folder: StoreFolder, options: Partial<SqliteStoreOptions> = {}): Promise<void> {
  await folder.with(untilSwept, options);
}

/** Waits until a body is gone; each read gives the sweeper a turn. */
async function gone(store: Store, bodyId: number): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    try {
      await bytesOf(store, bodyId);
    } catch {
      return;
    }
  }
  assert.fail("The body should have been swept away");
}

function hidden(folder: StoreFolder): unknown[][] {
  return folder.sql((db) =>
    db.prepare("SELECT mailbox_name, size, keywords FROM hidden ORDER BY id").all()
      .map((row) => [row["mailbox_name"], row["size"], row["keywords"]])
  );
}
