/** Whatever is done to the store, and however much of it at the same time, what it keeps count of is what there is. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { append, bigMessage, mailboxOf, queueEntry, staged } from "../contract/store/harness.ts";
import { checkStore } from "../support/store_check.ts";
import { type Operation, operations } from "./operations.ts";
import { StoreFolder, untilSwept } from "./support.ts";

const ACCOUNT = "ann@example.com";

/** Bodies that go to the store in chunks: taken, appended, given up, or given up at once with what uses them. */
const large = fc.record({
  size: fc.integer({ min: 270_000, max: 400_000 }),
  fate: fc.constantFrom("append", "accept", "discard", "race", "nowhere"),
}).map(({ size, fate }): Operation => ({
  label: `large ${size} ${fate}`,
  run: async (store) => {
    const stage = store.bodies.stage();
    await stage.write(bigMessage(size));
    if (fate === "discard") return stage.discard();
    const body = stage.seal(new Uint8Array(10));
    const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
    if (inbox === null) return stage.discard();
    const mailboxId = fate === "nowhere" ? 987_654 : inbox.id;
    const using = fate === "accept"
      ? store.accept({
        id: `big${size}`,
        body,
        receivedAt: 1,
        local: [{ account: ACCOUNT }],
        queued: queueEntry(["x@y.z"]),
      })
      : store.messages.append({ mailboxId, body, flags: [], internalDate: 1 });
    if (fate === "race") stage.discard();
    await using;
  },
}));

/** Groups run one after the other; the operations of a group at the same time. */
const groups = fc.array(
  fc.array(fc.oneof({ weight: 8, arbitrary: operations }, { weight: 1, arbitrary: large }), {
    minLength: 1,
    maxLength: 8,
  }),
  { minLength: 3, maxLength: 10 },
);

Deno.test("after any operations, at the same time or not, the kept counts and references are the real ones", async () => {
  await fc.assert(
    fc.asyncProperty(
      groups,
      fc.constantFrom(0, 7),
      (sequence, undeleteDays) =>
        StoreFolder.use(async (folder) => {
          await folder.with(async (store) => {
            await store.accounts.ensure(ACCOUNT);
            for (const group of sequence) {
              await Promise.allSettled(group.map((operation) => operation.run(store)));
            }
          }, { undeleteDays });
          folder.sql((db) => checkStore(db));
          // A new start clears up what is left.
          await folder.with(untilSwept, { undeleteDays });
          folder.sql((db) => checkStore(db, { swept: true }));
        }),
    ),
    { numRuns: 12 },
  );
});

Deno.test("ranges that overlap change each message once", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      const trash = await mailboxOf(store, ACCOUNT, "Trash");
      for (let i = 0; i < 5; i++) await append(store, inbox);
      const overlapping = [[1, 3], [2, 5], [3, 3]] as const;
      const seen = { kind: "add", flags: ["\\Seen"] } as const;
      assert.equal((await store.messages.setFlags(inbox.id, overlapping, seen)).rows.length, 5);
      assert.deepEqual((await store.messages.copy(inbox.id, overlapping, trash.id)).to, [1, 2, 3, 4, 5]);
      assert.deepEqual(await store.messages.expunge(inbox.id, overlapping, { any: true }), [1, 2, 3, 4, 5]);
    });
    folder.sql((db) => checkStore(db));
  }));

Deno.test("the clock may go backwards: UIDVALIDITY and the sweeper do not mind", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const made = await store.mailboxes.create(ACCOUNT, "a");
      await store.mailboxes.remove(ACCOUNT, "a");
      await folder.clock.advance(-400 * 86_400_000);
      const again = await store.mailboxes.create(ACCOUNT, "a");
      assert.ok(again.uidValidity > made.uidValidity);
      const stage = store.bodies.stage();
      await stage.write(bigMessage(300_000));
      stage.discard();
      await store.messages.append({
        mailboxId: again.id,
        body: await staged(store, "Subject: x\r\n\r\n"),
        flags: [],
        internalDate: 1,
      });
      await store.messages.expunge(again.id, [[1, 1]], { any: true });
      // A round of the sweeper is due although the last one seems to lie in the future.
      await folder.clock.advance(8 * 86_400_000);
      await store.accounts.list();
      await untilSwept(store);
    });
    assert.equal(folder.count("hidden"), 0);
    folder.sql((db) => checkStore(db, { swept: true }));
  }));
