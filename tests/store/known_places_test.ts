/** What is remembered of mailboxes, so that a message that is put into one costs a single write. */
import assert from "node:assert/strict";
import { KnownPlaces } from "../../src/store/sqlite/client/known_places.ts";
import { append, appendMany, mailboxOf, staged } from "../contract/store/harness.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "alice@example.com";

Deno.test("places: what was read before a change is not remembered after it", async () => {
  const places = new KnownPlaces();
  const place = (id: number) => ({ id, account: "a", name: "box" });
  const slow = Promise.withResolvers<ReturnType<typeof place>>();
  const early = places.find("a", "box", () => slow.promise);
  places.forget();
  slow.resolve(place(1));
  assert.equal((await early)?.id, 1);
  assert.equal((await places.find("a", "box", async () => place(2)))?.id, 2);
  assert.equal((await places.find("a", "box", () => assert.fail("It is known")))?.id, 2);
  assert.equal(await places.find("a", "none", async () => null), null);
  assert.equal((await places.find("a", "none", async () => place(3)))?.id, 3, "what was not there may come");
});

Deno.test("append: one message, or a few small ones, cost one commit", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      await append(store, inbox);
      const { commits } = store.stats();
      await appendMany(store, inbox, 5);
      assert.equal(store.stats().commits, commits + 5);
      const requests = await Promise.all(
        Array.from({ length: 20 }, async () => ({
          mailboxId: inbox.id,
          body: await staged(store, "Subject: one of some\r\n\r\n"),
          flags: [],
          internalDate: 0,
        })),
      );
      await store.messages.appendMany(requests);
      assert.equal(store.stats().commits, commits + 6);
    })
  ));
