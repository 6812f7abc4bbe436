/** Any sequence of operations has the same results on the memory store and on SQLite. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Store } from "../../src/store/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { ALL, bytesOf } from "../contract/store/harness.ts";
import { ManualClock, seededRandom } from "../support/fakes.ts";
import { checkStore } from "../support/store_check.ts";
import { type Operation, operations } from "./operations.ts";
import { StoreFolder } from "./support.ts";

Deno.test("memory and SQLite cannot be told apart", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operations, { minLength: 5, maxLength: 40 }),
      (sequence) =>
        StoreFolder.use(async (folder) => {
          const memory = openMemoryStore({ clock: new ManualClock(), random: seededRandom() });
          await folder.with(async (sqlite) => {
            const [named, expected] = [new BodyNames(), new BodyNames()];
            for (const operation of sequence) {
              assert.deepEqual(
                named.in(await outcome(operation, sqlite)),
                expected.in(await outcome(operation, memory)),
              );
            }
            assert.deepEqual(named.in(await everything(sqlite)), expected.in(await everything(memory)));
          }, { undeleteDays: 0 });
          folder.sql(checkStore);
        }),
    ),
    { numRuns: 25 },
  );
});

/** Ids of bodies as the order in which they are seen: one that was refused may have used up a number. */
class BodyNames {
  readonly #names = new Map<number, string>();

  in(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((member) => this.in(member));
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        key === "bodyId" ? this.#nameOf(member) : this.in(member),
      ]),
    );
  }

  #nameOf(id: number): string {
    const name = this.#names.get(id) ?? `body ${this.#names.size}`;
    this.#names.set(id, name);
    return name;
  }
}

/** What an operation returned, or what it was refused with. */
async function outcome(operation: Operation, store: Store): Promise<unknown> {
  try {
    return { value: await operation.run(store) };
  } catch (error) {
    assert.ok(error instanceof Error);
    // What is nobody's refusal is told in each store's own words.
    return { error: error.name, text: error.name === "Error" ? null : error.message };
  }
}

async function everything(store: Store): Promise<unknown> {
  const found: unknown[] = [await store.accounts.list(), await store.spool.list()];
  const { queuedMessages, queuedRecipients } = store.stats();
  found.push(queuedMessages, queuedRecipients);
  for (const { account } of await store.accounts.list()) {
    found.push(await store.mailboxes.subscriptions(account));
    for (const mailbox of await store.mailboxes.list(account)) {
      found.push(
        mailbox,
        await store.messages.open(mailbox.id),
        await store.messages.changesSince(mailbox.id, 0),
      );
      for await (const batch of store.messages.rowsWithDigest(mailbox.id, ALL)) {
        for (const row of batch) found.push(row, await bytesOf(store, row.bodyId));
      }
    }
  }
  return found;
}
