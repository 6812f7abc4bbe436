/** Changes of very many messages go in slices: others get their turn, and what is broken off is taken back. */
import assert from "node:assert/strict";
import type { Mailbox, Store } from "../../src/store/mod.ts";
import { again, ALL, append, mailboxOf, rowsOf } from "../contract/store/harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { checkStore } from "../support/store_check.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "alice@example.com";
const MANY = 20_000;

/** Fills INBOX by copying it into itself: the store's own quick way. */
async function filled(store: Store, count: number): Promise<Mailbox> {
  await store.accounts.ensure(ACCOUNT);
  const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
  await append(store, inbox, { content: "Subject: one of many\r\n\r\n" });
  for (let have = 1; have < count; have *= 2) {
    await store.messages.copy(inbox.id, [[1, Math.min(have, count - have)]], inbox.id);
  }
  return await again(store, inbox);
}

/** The commits that a small write waits for: those under way and its own. */
const MOST_COMMITS = 3;
/** Far more messages than one commit changes. */
const MANY_AT_ONCE = 4000;

/** Somebody else's small writes, one after the other, are done between the slices of work on so many messages. */
async function assertInterleaved(store: Store, { messages, work }: Work): Promise<void> {
  let isOver = false;
  void work.finally(() => isOver = true).catch(() => {});
  let answers = 0;
  for (; !isOver; answers++) {
    const { commits } = store.stats();
    await store.facts.put("other", { key: "k", value: "v", expiresAt: 4_000_000_000_000 });
    const waited = store.stats().commits - commits;
    assert.ok(waited <= MOST_COMMITS, `A small write waited for ${waited} commits`);
  }
  await work;
  assert.ok(answers >= messages / MANY_AT_ONCE, `Only ${answers} small writes were done meanwhile`);
}

interface Work {
  readonly messages: number;
  readonly work: Promise<unknown>;
}

Deno.test("others do not wait for a change of very many messages", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      const inbox = await filled(store, MANY);
      const { messages } = store;
      const archive = await mailboxOf(store, ACCOUNT, "Archive");
      const trash = await mailboxOf(store, ACCOUNT, "Trash");
      const deleted = { kind: "add", flags: ["\\Deleted"] } as const;
      const steps = [
        () => messages.copy(inbox.id, ALL, archive.id),
        () => messages.move(archive.id, ALL, trash.id),
        () => messages.setFlags(inbox.id, ALL, deleted),
        () => messages.expunge(inbox.id, ALL),
        // Several at a time are no worse than one.
        () =>
          Promise.all([
            messages.copy(trash.id, [[1, MANY / 2]], inbox.id),
            messages.setFlags(trash.id, ALL, deleted),
            messages.copy(trash.id, [[1, MANY / 2]], archive.id),
          ]),
      ];
      for (const step of steps) await assertInterleaved(store, { messages: MANY, work: step() });
      const figures = async (mailbox: Mailbox) => {
        const { messages, deleted, uidNext } = await again(store, mailbox);
        return [messages, deleted, uidNext];
      };
      assert.deepEqual(await figures(trash), [MANY, MANY, MANY + 1]);
      assert.deepEqual((await figures(inbox))[0], MANY / 2);
      assert.deepEqual(await figures(archive), [MANY / 2, (await figures(archive))[1], 1.5 * MANY + 1]);
    })
  ));

Deno.test("a long copy gives pairs of UIDs, with new mail in between", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await filled(store, 5000);
      const archive = await mailboxOf(store, ACCOUNT, "Archive");
      const [copied, moved, fresh] = await Promise.all([
        store.messages.copy(inbox.id, ALL, inbox.id),
        store.messages.copy(inbox.id, [[1, 4500]], archive.id),
        append(store, archive),
      ]);
      for (const { from, to } of [copied, moved]) {
        assert.equal(new Set(to).size, from.length);
        assert.ok(from.every((uid, i) => i === 0 || uid > from[i - 1]!));
        assert.ok(to.every((uid, i) => i === 0 || uid > to[i - 1]!));
      }
      // Of itself it copied what was there, not the copies.
      assert.deepEqual([copied.from.length, moved.from.length], [5000, 4500]);
      assert.ok(!moved.to.includes(fresh));
      assert.equal((await again(store, inbox)).messages, 10_000);
    });
    folder.sql((db) => checkStore(db));
  }));

Deno.test("a long copy that fails is taken back (RFC 3501 section 6.4.7)", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await filled(store, 5000);
      const archive = await mailboxOf(store, ACCOUNT, "Archive");
      await append(store, archive, { content: "there before" });
      const before = await store.accounts.usage(ACCOUNT);
      const quota = { bytes: null, messages: before.messages + 4999 };
      await assert.rejects(() => store.messages.copy(inbox.id, ALL, archive.id, { quota }), /552 5\.2\.2/);
      assert.deepEqual(await store.accounts.usage(ACCOUNT), before);
      assert.deepEqual((await rowsOf(store, archive)).map((row) => row.uid), [1]);
      const after = await again(store, archive);
      assert.ok(after.uidNext > 4000, "UIDs that somebody may have seen are not used again");
    });
    assert.equal(folder.count("hidden"), 0, "what was taken back is not mail that was deleted");
    folder.sql((db) => checkStore(db));
  }));

Deno.test("a long copy that was broken off by the end of the program is taken back at the next start", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await filled(store, 100);
      await store.messages.copy(inbox.id, ALL, (await mailboxOf(store, ACCOUNT, "Archive")).id);
    });
    // As the crash leaves it: two slices were made, and no last one.
    folder.sql((db) => {
      const { id } = db.prepare("SELECT id FROM mailboxes WHERE name = 'Archive'").get()!;
      const note = db.prepare(
        "INSERT INTO copies_underway (copy, mailbox_id, first_uid, last_uid) VALUES (1, ?, ?, ?)",
      );
      note.run(id!, 11, 60);
      note.run(id!, 61, 100);
    });
    await folder.with(async (store) => {
      const archive = await mailboxOf(store, ACCOUNT, "Archive");
      assert.deepEqual([archive.messages, archive.uidNext], [10, 101]);
    });
    folder.sql((db) => checkStore(db));
  }));

Deno.test("a long copy is done also when its last ranges name messages that are not there yet", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await filled(store, 10);
      // More ranges than go with one write, all but a few of them beyond the end.
      const uids = Array.from({ length: 1500 }, (_, i) => [2 * i + 1, 2 * i + 1] as const);
      const { from } = await store.messages.copy(
        inbox.id,
        uids,
        (await mailboxOf(store, ACCOUNT, "Archive")).id,
      );
      assert.deepEqual(from, [1, 3, 5, 7, 9]);
    });
    // What was told to be done must not be taken back at the next start.
    await folder.with(async (store) => {
      assert.equal((await mailboxOf(store, ACCOUNT, "Archive")).messages, 5);
    });
    folder.sql((db) => checkStore(db));
  }));

Deno.test("renaming an INBOX of very many messages is a long move", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      const inbox = await filled(store, 5000);
      const work = store.mailboxes.rename(ACCOUNT, "INBOX", "old");
      await assertInterleaved(store, { messages: 5000, work });
      assert.equal((await again(store, inbox)).messages, 0);
      assert.equal((await mailboxOf(store, ACCOUNT, "old")).messages, 5000);
    })
  ));

Deno.test("the log of the expunged is bounded; from before it, all UIDs that are not there have vanished (RFC 7162 section 3.2.5.2)", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      const inbox = await filled(store, 10);
      await store.messages.expunge(inbox.id, [[1, 4]], { any: true });
    });
    // A long life, in short: a hundred thousand messages have come and gone before these.
    folder.sql((db) =>
      db.exec(`
        UPDATE mailboxes SET uidnext = uidnext + 100000, modseq = modseq + 200000, logged = logged + 100000
          WHERE name = 'INBOX';
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO expunged SELECT 1, 1000 + i, 10 + i FROM n`)
    );
    await folder.with(async (store) => {
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      let since = await store.messages.changesSince(inbox.id, 1);
      for (const end = performance.now() + PATIENCE_MS; folder.count("expunged") > 100_000;) {
        assert.ok(performance.now() < end, "The log is not shortened");
        await store.spool.settle("none", []);
        since = await store.messages.changesSince(inbox.id, 1);
      }
      assert.deepEqual([since.vanished.length, since.vanished[0], since.vanished.at(-1)], [
        100_004,
        1,
        100_010,
      ]);
      const some = await store.messages.changesSince(inbox.id, 1, { uids: [[3, 7], [50, 52]] });
      assert.deepEqual(some.vanished, [3, 4, 50, 51, 52]);
      assert.deepEqual(some.changed.map((row) => row.uid), [5, 6, 7]);
      const later = await store.messages.changesSince(inbox.id, 100_995);
      assert.deepEqual(later.vanished.length, 5);
    });
    folder.sql((db) => checkStore(db));
  }));

Deno.test("how many keywords there are is known after very many changes, too", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      const inbox = await filled(store, 1);
      const adding = (keyword: string, uid: number, keywordLimit: number | null) =>
        store.messages.setFlags(
          inbox.id,
          [[uid, uid]],
          { kind: "add", flags: [keyword] },
          keywordLimit === null ? {} : { keywordLimit },
        );
      await adding("one", 1, 2);
      // More than are looked through one by one, and what matters is the last of them.
      for (let have = 1; have <= MANY; have *= 2) await store.messages.copy(inbox.id, ALL, inbox.id);
      await adding("two", MANY, null);
      await assert.rejects(() => adding("three", 1, 2), /keywords/);
      await adding("TWO", 1, 2);
      await adding("three", 1, 3);
      await assert.rejects(() => adding("four", 1, 3), /keywords/);
    })
  ));
