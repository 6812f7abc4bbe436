import assert from "node:assert/strict";
import { append, mailboxOf, staged } from "../contract/store/harness.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "alice@example.com";

Deno.test("writes that wait together share a commit", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      const before = store.stats();
      await Promise.all(Array.from({ length: 300 }, () => append(store, inbox)));
      const after = store.stats();
      assert.equal(after.writes - before.writes, 300);
      assert.ok(after.commits - before.commits < 30, `${after.commits - before.commits} commits`);
      assert.ok(after.commitSeconds > before.commitSeconds && after.lastCommitSeconds > 0);
    })
  ));

Deno.test("a write alone is committed at once", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const { commits } = store.stats();
      await store.accounts.setCredential(ACCOUNT, "hash");
      assert.equal(store.stats().commits, commits + 1);
    })
  ));

Deno.test("messages of many sizes at once, more than one batch may carry", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      await Promise.all(Array.from({ length: 60 }, async (_, i) => {
        const body = await staged(store, new Uint8Array(i % 20 === 0 ? 900_000 : i * 4000).fill(46));
        await store.messages.append({ mailboxId: inbox.id, body, flags: [], internalDate: i });
      }));
      const { messages, bytes } = await mailboxOf(store, ACCOUNT, "INBOX");
      const sizes = Array.from({ length: 60 }, (_, i) => i % 20 === 0 ? 900_000 : i * 4000);
      assert.deepEqual([messages, bytes], [60, sizes.reduce((sum, size) => sum + size)]);
    })
  ));

Deno.test("the rows that a search reads may be changed while it runs", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      await Promise.all(Array.from({ length: 700 }, () => append(store, inbox)));
      const search = store.messages.search(inbox.id, { kind: "body", text: "text" });
      const expunged = store.messages.expunge(inbox.id, [[300, 699]], { any: true });
      const found = new Set(await search);
      await expunged;
      for (const uid of [1, 299, 700]) assert.ok(found.has(uid));
    }, { undeleteDays: 0 })
  ));
