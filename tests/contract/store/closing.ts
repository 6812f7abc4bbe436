import assert from "node:assert/strict";
import { ALL, append, bytesOf, type ContractCase, rowsOf, staged } from "./harness.ts";

export const closingCases: readonly ContractCase[] = [
  {
    name: "a closed store has finished what was begun and takes nothing new",
    async run({ store, account, inbox }) {
      const begun = Array.from({ length: 20 }, () => append(store, inbox));
      // They have staged their bodies when the last one, which comes after them, has.
      await staged(store, "x");
      const results = Promise.all(begun);
      await results;
      const body = await staged(store, "Subject: too late\r\n\r\n");
      const late = store.messages.setFlags(inbox.id, ALL, { kind: "add", flags: ["\\Seen"] });
      const closing = store.close();
      assert.equal((await late).rows.length, 20);
      await closing;
      await store.close();
      const delivery = { id: "late", receivedAt: 0, local: [{ account }], queued: null, body };
      await assert.rejects(() => store.accept(delivery));
      await assert.rejects(() => store.mailboxes.list(account));
      await assert.rejects(() => store.accounts.ensure(account));
      await assert.rejects(() => rowsOf(store, inbox));
      await assert.rejects(() => bytesOf(store, 1));
      await assert.rejects(() => store.messages.search(inbox.id, { kind: "all" }));
      await assert.rejects(() => store.spool.nextDueAt());
      assert.ok(store.stats().writes > 0);
    },
  },
];
