import assert from "node:assert/strict";
import { StoreFull } from "../../src/store/errors.ts";
import {
  accept,
  again,
  ALL,
  append,
  bigMessage,
  bytesOf,
  mailboxOf,
  queueEntry,
  rowsOf,
  staged,
} from "../contract/store/harness.ts";
import { StoreFolder, untilSwept } from "./support.ts";

const ACCOUNT = "alice@example.com";
const MAX_BYTES = 3 * 1024 * 1024;

Deno.test("a full database answers 452 4.3.1, loses nothing, and works again when there is room", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      const content = incompressible(60_000);
      const stored: number[] = [];
      await assert.rejects(async () => {
        for (;;) stored.push(await append(store, inbox, { content }));
      }, isFull);
      assert.ok(stored.length > 20, `${stored.length} fitted`);
      const rows = await rowsOf(store, inbox);
      assert.deepEqual(rows.map((row) => row.uid), stored);
      assert.equal((await again(store, inbox)).messages, stored.length);
      for (const row of rows) assert.equal((await bytesOf(store, row.bodyId)).length, content.length);
      // Room is made; the next message takes the next UID, as if nothing had been.
      await store.messages.expunge(inbox.id, [[1, 5]], { any: true });
      assert.equal(await append(store, inbox, { content }), stored.length + 1);
    }, { maxBytes: MAX_BYTES, undeleteDays: 0 })
  ));

Deno.test("in a batch that does not fit, the writes that fit are kept", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      const content = incompressible(100_000);
      const results = await Promise.allSettled(Array.from({ length: 60 }, async (_, i) => {
        if (i % 5 === 4) await store.mailboxes.create(ACCOUNT, `small ${i}`);
        else await append(store, inbox, { content });
      }));
      const rejected = results.filter((result) => result.status === "rejected");
      assert.ok(rejected.length > 0 && rejected.every((result) => isFull(result.reason)));
      const kept = results.filter((result, i) => result.status === "fulfilled" && i % 5 !== 4).length;
      const rows = await rowsOf(store, inbox);
      assert.equal(rows.length, kept);
      assert.deepEqual(rows.map((row) => row.uid), rows.map((_, place) => place + 1));
      const made = (await store.mailboxes.list(ACCOUNT)).filter(({ name }) => name.startsWith("small"));
      assert.equal(
        made.length,
        results.filter((result, i) => result.status === "fulfilled" && i % 5 === 4).length,
      );
    }, { maxBytes: MAX_BYTES })
  ));

Deno.test("a large message for which there is no room is refused while it comes, and leaves nothing", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const stage = store.bodies.stage();
      const piece = incompressible(50_000);
      await assert.rejects(async () => {
        for (let i = 0; i < 200; i++) await stage.write(piece.slice());
      }, isFull);
      await assert.rejects(() => stage.write(piece.slice()), isFull, "it stays refused");
      const body = stage.seal();
      const delivery = { id: "big", receivedAt: 0, local: [{ account: ACCOUNT }], queued: null, body };
      await assert.rejects(() => store.accept(delivery), isFull);
      // Its chunks are swept away, so a message that fits gets in.
      await untilRoom(() =>
        accept(store, { id: "fits", local: [{ account: ACCOUNT }], queued: queueEntry([]) })
      );
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      assert.equal((await store.messages.expunge(inbox.id, ALL, { any: true })).length, 1);
      await staged(store, "x");
    }, { maxBytes: MAX_BYTES, undeleteDays: 0 });
    await folder.with(untilSwept, { undeleteDays: 0 });
    assert.equal(folder.count("chunks"), 0);
    assert.equal(folder.count("bodies"), 0);
  }));

/** The sweeper works slice by slice behind the writes: tries again until it has made room. */
async function untilRoom(write: () => Promise<void>): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries === 200 || !isFull(error)) throw error;
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof StoreFull && error.reply.code === 452 && error.reply.enhanced === "4.3.1";
}

function incompressible(size: number): Uint8Array {
  const bytes = bigMessage(size);
  let state = 99;
  for (let at = 60; at < size; at++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
