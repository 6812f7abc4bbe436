import assert from "node:assert/strict";
import { NoSuchMailbox } from "../../../src/store/errors.ts";
import { accept, again, ALL, append, type ContractCase, mailboxOf, rowsOf, textOf } from "./harness.ts";

export const concurrencyCases: readonly ContractCase[] = [
  {
    name: "500 parallel accepts to overlapping accounts lose nothing and share no UID",
    async run({ store, account }) {
      const accounts = Array.from({ length: 7 }, (_, i) => `p${i}-${account}`);
      await Promise.all(Array.from({ length: 500 }, (_, i) =>
        accept(store, {
          id: `par${i}`,
          content: `Subject: ${i}\r\n\r\n${i}`,
          local: [0, 1, 3].map((step) => ({ account: accounts[(i + step) % 7]! })),
        })));
      const seen = new Map<string, number>();
      for (const name of accounts) {
        const mailbox = await mailboxOf(store, name, "INBOX");
        const rows = await rowsOf(store, mailbox);
        assert.deepEqual(rows.map((row) => row.uid), rows.map((_, place) => place + 1));
        assert.ok(rows.every((row, place) => place === 0 || row.modseq > rows[place - 1]!.modseq));
        assert.equal(mailbox.highestModseq, rows.at(-1)?.modseq);
        assert.equal(mailbox.messages, rows.length);
        for (const row of rows) {
          const text = await textOf(store, row.bodyId);
          seen.set(text, (seen.get(text) ?? 0) + 1);
        }
      }
      assert.equal(seen.size, 500);
      assert.ok([...seen.values()].every((count) => count === 3));
    },
  },
  {
    name: "one write that fails among many fails alone",
    async run({ store, inbox }) {
      const results = await Promise.allSettled(
        Array.from(
          { length: 60 },
          (_, i) => append(store, i % 3 === 1 ? { ...inbox, id: 55_555_555 } : inbox),
        ),
      );
      results.forEach((result, i) => {
        assert.equal(result.status, i % 3 === 1 ? "rejected" : "fulfilled");
        if (result.status === "rejected") assert.ok(result.reason instanceof NoSuchMailbox);
      });
      assert.deepEqual(
        (await rowsOf(store, inbox)).map((row) => row.uid),
        Array.from({ length: 40 }, (_, i) => i + 1),
      );
      assert.equal((await again(store, inbox)).messages, 40);
    },
  },
  {
    name: "appends, flags, moves and expunges at once leave counts that agree with the rows",
    async run({ store, account, inbox }) {
      const archive = await mailboxOf(store, account, "Archive");
      await Promise.all(Array.from({ length: 40 }, () => append(store, inbox)));
      await Promise.all(Array.from({ length: 120 }, (_, i) => {
        const uids = [[1 + i % 40, 3 + i % 40]] as const;
        switch (i % 4) {
          case 0:
            return append(store, inbox, { flags: ["\\Seen"] });
          case 1:
            return store.messages.setFlags(inbox.id, uids, {
              kind: i % 8 === 1 ? "add" : "set",
              flags: ["\\Seen", `k${i % 5}`],
            });
          case 2:
            return store.messages.move(inbox.id, uids, archive.id);
          default:
            return store.messages.copy(archive.id, uids, inbox.id);
        }
      }));
      for (const mailbox of [inbox, archive]) {
        const rows = await rowsOf(store, mailbox);
        const after = await again(store, mailbox);
        assert.equal(after.messages, rows.length);
        assert.equal(after.unseen, rows.filter((row) => !row.flags.includes("\\Seen")).length);
        assert.equal(after.bytes, rows.reduce((sum, row) => sum + row.size, 0));
        assert.ok(rows.every((row) => row.uid < after.uidNext && row.modseq <= after.highestModseq));
        assert.equal(new Set(rows.map((row) => row.uid)).size, rows.length);
      }
    },
  },
  {
    name: "writes that were begun in order are done in order",
    async run({ store, inbox }) {
      await append(store, inbox);
      const kinds = ["add", "remove"] as const;
      const changes = await Promise.all(
        Array.from(
          { length: 50 },
          (_, i) => store.messages.setFlags(inbox.id, ALL, { kind: kinds[i % 2]!, flags: ["\\Flagged"] }),
        ),
      );
      changes.forEach(({ rows }, i) => assert.equal(rows[0]?.flags.length, i % 2 === 0 ? 1 : 0));
      const modseqs = changes.map(({ rows }) => rows[0]!.modseq);
      assert.deepEqual(modseqs, modseqs.toSorted((a, b) => a - b));
      assert.equal(new Set(modseqs).size, 50);
    },
  },
  {
    name: "a mailbox of the same name is made once",
    async run({ store, account }) {
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, () => store.mailboxes.create(account, "race/below")),
      );
      assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
      const names = (await store.mailboxes.list(account)).filter(({ name }) => name.startsWith("race"));
      assert.equal(names.length, 2);
    },
  },
];
