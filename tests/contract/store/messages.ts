import assert from "node:assert/strict";
import { Refusal } from "../../../src/core/errors.ts";
import { encodeEnvelope, Encoder, encodeStructure } from "../../../src/wire/imap/mod.ts";
import { parseMessage } from "../../../src/wire/mime/mod.ts";
import { join } from "node:path";
import { decodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { NoSuchMailbox } from "../../../src/store/errors.ts";
import type {
  Mailbox,
  MessageRow,
  MessageRowWithDigest,
  ShownRow,
  Store,
  UidRanges,
} from "../../../src/store/mod.ts";
import {
  accept,
  again,
  ALL,
  append,
  appendMany,
  type ContractCase,
  mailboxOf,
  rowsOf,
  staged,
  textOf,
} from "./harness.ts";

/** How many tables there were. */
async function flagTablesAreRows(store: Store, mailbox: Mailbox, uids: UidRanges): Promise<number> {
  const found: Pick<MessageRow, "uid" | "modseq" | "flags">[] = [];
  let tables = 0;
  for await (const table of store.messages.flagTables(mailbox.id, uids)) {
    const { length } = table.uids;
    assert.ok(length > 0 && length <= 5000, String(length));
    assert.deepEqual([table.modseqs.length, table.flags.length], [length, length]);
    assert.equal(new Set(table.flagLists.map(String)).size, table.flagLists.length);
    for (let i = 0; i < length; i++) {
      const flags = table.flagLists[table.flags[i]!]!;
      found.push({ uid: table.uids[i]!, modseq: table.modseqs[i]!, flags });
    }
    tables++;
  }
  const rows = await rowsOf(store, mailbox, uids);
  assert.deepEqual(found, rows.map(({ uid, modseq, flags }) => ({ uid, modseq, flags })));
  return tables;
}

export const messageCases: readonly ContractCase[] = [
  {
    name:
      "a copy, and what is moved, keeps the flags that it may (RFC 4314 section 4), and the counts are right",
    async run({ store, account, inbox }) {
      const target = await store.mailboxes.create(account, "kept");
      const flags = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Work"];
      const kept = async (
        keeps: { seen: boolean; deleted: boolean; others: boolean },
        verb: "copy" | "move",
      ) => {
        const uid = await append(store, inbox, { content: "12345", flags });
        const { to } = await store.messages[verb](inbox.id, [[uid, uid]], target.id, { keeps });
        const row = (await rowsOf(store, target)).find((row) => row.uid === to[0])!;
        return row.flags.join(" ");
      };
      const none = { seen: false, deleted: false, others: false };
      assert.equal(await kept(none, "copy"), "");
      assert.equal(await kept({ ...none, seen: true }, "copy"), "\\Seen");
      assert.equal(await kept({ ...none, deleted: true }, "move"), "\\Deleted");
      assert.equal(await kept({ ...none, others: true }, "move"), "\\Answered \\Flagged \\Draft $Work");
      assert.equal((await kept({ seen: true, deleted: true, others: true }, "copy")).split(" ").length, 6);
      const { messages, unseen, deleted, deletedBytes } = await again(store, target);
      assert.deepEqual([messages, unseen, deleted, deletedBytes], [5, 3, 2, 10]);
      // The original is as it was.
      assert.equal((await rowsOf(store, inbox))[0]!.flags.length, 6);
    },
  },
  {
    name: "append gives UID and modseq, and counts",
    async run({ store, inbox, clock }) {
      const first = await append(store, inbox, { content: "12345" });
      const second = await append(store, inbox, {
        content: "123",
        flags: ["\\Seen", "$Junk"],
        internalDate: 5,
      });
      assert.deepEqual([first, second], [1, 2]);
      const after = await again(store, inbox);
      assert.deepEqual(
        [after.messages, after.unseen, after.bytes, after.uidNext, after.highestModseq],
        [2, 1, 8, 3, inbox.highestModseq + 2],
      );
      const rows = await rowsOf(store, inbox);
      assert.deepEqual(rows.map(({ bodyId: _, ...row }) => row), [
        {
          uid: 1,
          modseq: inbox.highestModseq + 1,
          flags: [],
          internalDate: 1_700_000_000_000,
          size: 5,
          savedAt: clock.now(),
        },
        {
          uid: 2,
          modseq: inbox.highestModseq + 2,
          flags: ["\\Seen", "$Junk"],
          internalDate: 5,
          size: 3,
          savedAt: clock.now(),
        },
      ]);
    },
  },
  {
    name: "append to a mailbox that is gone changes nothing",
    async run({ store, account }) {
      const mailbox = await store.mailboxes.create(account, "gone");
      await store.mailboxes.remove(account, "gone");
      await assert.rejects(() => append(store, mailbox), NoSuchMailbox);
      await assert.rejects(() => append(store, { ...mailbox, id: 12345678 }), NoSuchMailbox);
    },
  },
  {
    name: "open shows UIDs, the first unseen one and the keywords",
    async run({ store, inbox }) {
      assert.deepEqual((await store.messages.open(inbox.id))?.firstUnseenUid, null);
      await append(store, inbox, { flags: ["\\Seen", "beta"] });
      await append(store, inbox, { flags: ["Alpha", "BETA"] });
      await append(store, inbox);
      const view = await store.messages.open(inbox.id);
      assert.ok(view !== null);
      assert.deepEqual(Array.from(view.uids), [1, 2, 3]);
      assert.equal(view.firstUnseenUid, 2);
      assert.deepEqual(view.keywords, ["Alpha", "BETA"]);
      assert.deepEqual(view.mailbox, await again(store, inbox));
      assert.equal(await store.messages.open(87654321), null);
    },
  },
  {
    name: "the recent messages are claimed once",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 2);
      assert.equal((await store.messages.open(inbox.id))?.mailbox.recentFrom, 1, "looking claims nothing");
      assert.equal((await store.messages.open(inbox.id, { claimRecent: true }))?.mailbox.recentFrom, 1);
      assert.equal((await store.messages.open(inbox.id, { claimRecent: true }))?.mailbox.recentFrom, 3);
      await append(store, inbox);
      assert.equal((await store.messages.open(inbox.id, { claimRecent: true }))?.mailbox.recentFrom, 3);
      assert.equal((await again(store, inbox)).recentFrom, 4);
    },
  },
  {
    name: "rows come in order for any ranges",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 8);
      await store.messages.expunge(inbox.id, [[3, 3]], { any: true });
      const uids = async (ranges: readonly (readonly [number, number])[]) =>
        (await rowsOf(store, inbox, ranges)).map((row) => row.uid);
      assert.deepEqual(await uids(ALL), [1, 2, 4, 5, 6, 7, 8]);
      assert.deepEqual(await uids([[2, 4], [6, 6], [8, 100]]), [2, 4, 6, 8]);
      assert.deepEqual(await uids([[3, 3]]), []);
      assert.deepEqual(await uids([]), []);
      assert.deepEqual(await uids([[9, 4_294_967_295]]), []);
    },
  },
  {
    name: "tables of flags tell what rows tell, for any ranges",
    async run({ store, account, inbox }) {
      const flags = [[], ["\\Seen"], ["\\Seen", "$Work"], ["$Work"], ["\\Deleted", "beta", "$Work"], [
        "\\Seen",
      ]];
      for (const some of flags) await append(store, inbox, { flags: some });
      await store.messages.setFlags(inbox.id, [[2, 2]], { kind: "add", flags: ["$Forwarded"] });
      await store.messages.expunge(inbox.id, [[4, 4]], { any: true });
      const odd = Array.from({ length: 2000 }, (_, i) => [2 * i + 1, 2 * i + 1] as const);
      for (const ranges of [ALL, [], [[3, 3]], [[4, 4]], [[1, 2], [5, 6]], odd]) {
        await flagTablesAreRows(store, inbox, ranges as UidRanges);
      }
      // More than one table holds.
      for (let have = 1; have < 6000; have *= 2) {
        await store.messages.copy(inbox.id, [[1, have]], inbox.id);
      }
      assert.ok(await flagTablesAreRows(store, inbox, ALL) > 1);
      await flagTablesAreRows(store, inbox, odd);
      await store.mailboxes.create(account, "gone");
      const gone = await mailboxOf(store, account, "gone");
      await append(store, gone);
      await store.mailboxes.remove(account, "gone");
      assert.equal(await flagTablesAreRows(store, gone, ALL), 0);
    },
  },
  {
    name: "more rows than one batch holds",
    async run({ store, inbox }) {
      const body = { content: "x" };
      await Promise.all(Array.from({ length: 1203 }, () => append(store, inbox, body)));
      const sizes: number[] = [];
      const uids: number[] = [];
      for await (const batch of store.messages.rows(inbox.id, [[1, 700], [702, 9999]])) {
        sizes.push(batch.length);
        uids.push(...batch.map((row) => row.uid));
      }
      assert.ok(sizes.length > 1 && sizes.every((size) => size > 0 && size <= 1000), sizes.join());
      assert.equal(uids.length, 1202);
      assert.deepEqual(uids, uids.toSorted((a, b) => a - b));
      const digests: MessageRowWithDigest[] = [];
      for await (const batch of store.messages.rowsWithDigest(inbox.id, ALL)) digests.push(...batch);
      assert.equal(digests.length, 1203);
      const shown: ShownRow[] = [];
      const wish = { texts: true, utf8: false };
      for await (const batch of store.messages.shownRows(inbox.id, ALL, wish)) shown.push(...batch);
      assert.deepEqual(shown.map(({ uid }) => uid), digests.map(({ uid }) => uid));
    },
  },
  {
    name: "what is shown of a message is what the encoder makes of its digest, with UTF-8 and without",
    async run({ store, inbox }) {
      const corpus = join(import.meta.dirname!, "..", "..", "corpus", "mime");
      for (const { name } of Deno.readDirSync(corpus)) {
        if (!name.endsWith(".eml")) continue;
        const body = await staged(store, [Deno.readFileSync(join(corpus, name))]);
        await store.messages.append({ mailboxId: inbox.id, body, flags: ["k"], internalDate: 0 });
      }
      const rows: MessageRowWithDigest[] = [];
      for await (const batch of store.messages.rowsWithDigest(inbox.id, ALL)) rows.push(...batch);
      for (const utf8 of [false, true]) {
        const shown: ShownRow[] = [];
        for await (const batch of store.messages.shownRows(inbox.id, ALL, { texts: true, utf8 })) {
          shown.push(...batch);
        }
        assert.equal(shown.length, rows.length);
        for (const [place, { digest, ...row }] of rows.entries()) {
          const [envelope, structure] = [new Encoder(), new Encoder()];
          envelope.utf8 = structure.utf8 = utf8;
          encodeEnvelope(envelope, digest.envelope);
          encodeStructure(structure, digest.structure, true);
          assert.deepEqual({ ...shown[place], envelope: null, structure: null }, {
            ...row,
            headerSize: digest.structure.bodyStart,
            envelope: null,
            structure: null,
          });
          assert.equal(decodeLatin1(shown[place]!.envelope), decodeLatin1(envelope.take()));
          assert.equal(decodeLatin1(shown[place]!.structure), decodeLatin1(structure.take()));
        }
      }
      for await (const [row] of store.messages.shownRows(inbox.id, ALL, { texts: false, utf8: false })) {
        assert.equal(row?.headerSize, rows[0]?.digest.structure.bodyStart);
      }
    },
  },
  {
    name: "a reader of rows may stop early",
    async run({ store, inbox }) {
      await Promise.all(Array.from({ length: 600 }, () => append(store, inbox, { content: "x" })));
      for await (const batch of store.messages.rows(inbox.id, ALL)) {
        assert.equal(batch[0]?.uid, 1);
        break;
      }
    },
  },
  {
    name: "the digest is that of the whole message with its prefix",
    async run({ store, inbox }) {
      const prefix = "Return-Path: <a@b>\r\nReceived: from x\r\n";
      const content = "From: Ann <ann@example.com>\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n\r\nHello\r\n";
      await store.messages.append({
        mailboxId: inbox.id,
        body: await staged(store, content, prefix),
        flags: [],
        internalDate: 0,
      });
      for await (const [row] of store.messages.rowsWithDigest(inbox.id, ALL)) {
        assert.deepEqual(row?.digest, parseMessage(encodeUtf8(prefix + content)));
        assert.equal(row?.size, prefix.length + content.length);
        assert.equal(await textOf(store, row!.bodyId), prefix + content);
      }
    },
  },
  {
    name: "flags are set, added and removed",
    async run({ store, inbox }) {
      const uid = await append(store, inbox, { flags: ["\\Draft", "one"] });
      const flags = async (kind: "set" | "add" | "remove", list: string[]) => {
        const { rows } = await store.messages.setFlags(inbox.id, [[uid, uid]], { kind, flags: list });
        assert.deepEqual(rows, await rowsOf(store, inbox));
        return rows[0]?.flags;
      };
      assert.deepEqual(await flags("add", ["\\SEEN", "Two"]), ["\\Seen", "\\Draft", "one", "Two"]);
      assert.deepEqual(await flags("add", ["ONE"]), ["\\Seen", "\\Draft", "one", "Two"]);
      assert.deepEqual(await flags("remove", ["\\Draft", "ONE", "none"]), ["\\Seen", "Two"]);
      assert.deepEqual(await flags("set", ["TWO", "\\Flagged", "\\Recent", "\\Unknown"]), [
        "\\Flagged",
        "Two",
      ]);
      assert.deepEqual(await flags("set", []), []);
    },
  },
  {
    name: "a change of flags takes one modseq and keeps the unseen count",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 3);
      const before = await again(store, inbox);
      const seen = { kind: "add", flags: ["\\Seen"] } as const;
      const changed = await store.messages.setFlags(inbox.id, [[1, 2]], seen);
      assert.deepEqual(changed.rows.map((row) => row.modseq), Array(2).fill(before.highestModseq + 1));
      assert.equal((await again(store, inbox)).unseen, 1);
      const same = await store.messages.setFlags(inbox.id, ALL, seen);
      assert.deepEqual(same.rows.map((row) => row.modseq), [1, 1, 2].map((n) => before.highestModseq + n));
      const after = await again(store, inbox);
      assert.deepEqual([after.unseen, after.highestModseq], [0, before.highestModseq + 2]);
      await store.messages.setFlags(inbox.id, ALL, seen);
      assert.deepEqual(await again(store, inbox), after, "what changes nothing takes no modseq");
    },
  },
  {
    name: "messages changed since are left alone (RFC 7162 section 3.1.3)",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 3);
      const { highestModseq } = await again(store, inbox);
      await store.messages.setFlags(inbox.id, [[2, 2]], { kind: "add", flags: ["x"] });
      const result = await store.messages.setFlags(inbox.id, ALL, { kind: "add", flags: ["\\Seen"] }, {
        unchangedSince: highestModseq,
      });
      assert.deepEqual(result.modified, [2]);
      assert.deepEqual(result.rows.map((row) => row.uid), [1, 3]);
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.flags), [["\\Seen"], ["x"], ["\\Seen"]]);
    },
  },
  {
    name: "flags that cannot be are refused and change nothing",
    async run({ store, inbox }) {
      await append(store, inbox, { flags: Array.from({ length: 60 }, (_, i) => `k${i}`) });
      const before = await rowsOf(store, inbox);
      const tooMany = Array.from({ length: 10 }, (_, i) => `more${i}`);
      for (const flags of [["a b"], [""], ["(x)"], ["k\u00e4"], ["x".repeat(200)], tooMany]) {
        await assert.rejects(() => store.messages.setFlags(inbox.id, ALL, { kind: "add", flags }), Refusal);
      }
      assert.deepEqual(await rowsOf(store, inbox), before);
    },
  },
  {
    name: "expunge takes what is deleted, or all",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 4);
      await store.messages.setFlags(inbox.id, [[1, 3]], { kind: "add", flags: ["\\Deleted"] });
      assert.deepEqual(await store.messages.expunge(inbox.id, [[2, 4]]), [2, 3]);
      assert.deepEqual(await store.messages.expunge(inbox.id, [[2, 4]]), []);
      assert.deepEqual(await store.messages.expunge(inbox.id, [[4, 4]], { any: true }), [4]);
      const after = await again(store, inbox);
      assert.deepEqual([after.messages, after.unseen, after.uidNext], [1, 1, 5]);
      assert.equal(after.bytes, (await rowsOf(store, inbox))[0]?.size);
      assert.equal(await append(store, inbox), 5, "UIDs are never used again");
    },
  },
  {
    name: "copy keeps flags and date and shares the body",
    async run({ store, account, inbox }) {
      const target = await mailboxOf(store, account, "Archive");
      await append(store, inbox, { flags: ["\\Seen", "k"], internalDate: 77 });
      await append(store, inbox);
      await append(store, target);
      const copied = await store.messages.copy(inbox.id, [[1, 5]], target.id);
      assert.deepEqual(copied, { uidValidity: target.uidValidity, from: [1, 2], to: [2, 3] });
      const [source] = await rowsOf(store, inbox);
      const [, copy] = await rowsOf(store, target);
      assert.deepEqual({ ...copy, uid: 1, modseq: source?.modseq }, source);
      const after = await again(store, target);
      assert.deepEqual([after.messages, after.unseen, after.uidNext], [3, 2, 4]);
    },
  },
  {
    name: "copy within a mailbox",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 2);
      assert.deepEqual((await store.messages.copy(inbox.id, ALL, inbox.id)).to, [3, 4]);
      assert.equal((await again(store, inbox)).messages, 4);
      assert.deepEqual((await store.messages.move(inbox.id, [[1, 1]], inbox.id)).to, [5]);
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.uid), [2, 3, 4, 5]);
    },
  },
  {
    name: "move takes the messages out of the source",
    async run({ store, account, inbox }) {
      const target = await mailboxOf(store, account, "Archive");
      await appendMany(store, inbox, 3);
      const [, second] = await rowsOf(store, inbox);
      const moved = await store.messages.move(inbox.id, [[2, 2], [9, 9]], target.id);
      assert.deepEqual(moved, { uidValidity: target.uidValidity, from: [2], to: [1] });
      assert.equal((await rowsOf(store, target))[0]?.bodyId, second?.bodyId);
      assert.deepEqual((await store.messages.changesSince(inbox.id, 0)).vanished, [2]);
      assert.deepEqual([(await again(store, inbox)).messages, (await again(store, target)).messages], [2, 1]);
      assert.deepEqual((await store.messages.move(inbox.id, [[2, 2]], target.id)).from, []);
    },
  },
  {
    name: "copy and move to a mailbox that is gone change nothing",
    async run({ store, account, inbox }) {
      const target = await store.mailboxes.create(account, "going");
      await store.mailboxes.remove(account, "going");
      await appendMany(store, inbox, 2);
      const before = await rowsOf(store, inbox);
      await assert.rejects(() => store.messages.copy(inbox.id, ALL, target.id), NoSuchMailbox);
      await assert.rejects(() => store.messages.move(inbox.id, ALL, target.id), NoSuchMailbox);
      await assert.rejects(() => store.messages.move(target.id, ALL, inbox.id), NoSuchMailbox);
      await assert.rejects(() => store.messages.expunge(target.id, ALL), NoSuchMailbox);
      assert.deepEqual(await rowsOf(store, inbox), before);
    },
  },
  {
    name: "changesSince tells what is new, changed and gone",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 4);
      const start = await again(store, inbox);
      assert.deepEqual((await store.messages.changesSince(inbox.id, start.highestModseq)).changed, []);
      await store.messages.setFlags(inbox.id, [[2, 2]], { kind: "add", flags: ["\\Seen"] });
      await store.messages.expunge(inbox.id, [[4, 4], [1, 1]].toSorted((a, b) => a[0]! - b[0]!) as never, {
        any: true,
      });
      await append(store, inbox);
      const changes = await store.messages.changesSince(inbox.id, start.highestModseq);
      assert.deepEqual(changes.changed.map((row) => row.uid), [2, 5]);
      assert.deepEqual(changes.vanished, [1, 4]);
      const end = await again(store, inbox);
      assert.deepEqual([changes.highestModseq, changes.uidNext], [end.highestModseq, end.uidNext]);
      assert.deepEqual(changes.changed, (await rowsOf(store, inbox)).filter((row) => row.uid !== 3));
      assert.deepEqual(await store.messages.changesSince(inbox.id, end.highestModseq), {
        highestModseq: end.highestModseq,
        uidNext: 6,
        changed: [],
        vanished: [],
      });
      await assert.rejects(() => store.messages.changesSince(77777777, 0), NoSuchMailbox);
    },
  },
  {
    name: "what changed of some UIDs (RFC 7162 section 3.2.5)",
    async run({ store, inbox }) {
      await appendMany(store, inbox, 6);
      const { highestModseq } = await again(store, inbox);
      await store.messages.setFlags(inbox.id, [[2, 5]], { kind: "add", flags: ["\\Seen"] });
      await store.messages.expunge(inbox.id, [[1, 1], [5, 6]], { any: true });
      const changes = async (uids?: readonly (readonly [number, number])[]) => {
        const options = uids === undefined ? {} : { uids };
        const found = await store.messages.changesSince(inbox.id, highestModseq, options);
        return [found.changed.map((row) => row.uid), found.vanished];
      };
      assert.deepEqual(await changes(), [[2, 3, 4], [1, 5, 6]]);
      assert.deepEqual(await changes([[2, 2], [4, 5]]), [[2, 4], [5]]);
      assert.deepEqual(await changes([[9, 9]]), [[], []]);
      assert.deepEqual(await changes([[1, 5]]), [[2, 3, 4], [1, 5]]);
    },
  },
  {
    name: "what changed in ranges, in the order of UIDs, over several pages (RFC 7162 section 3.1.4.1)",
    async run({ store, inbox }) {
      await Promise.all(Array.from({ length: 1100 }, () => append(store, inbox, { content: "x" })));
      const { highestModseq } = await again(store, inbox);
      const flag = (uid: number) =>
        store.messages.setFlags(inbox.id, [[uid, uid]], { kind: "add", flags: ["\\Seen"] });
      for (const uid of [900, 3, 500, 4]) await flag(uid);
      const changed = async (uids = ALL, changedSince = highestModseq) => {
        const found = await store.messages.changesSince(inbox.id, changedSince, { uids });
        return found.changed.map((row) => row.uid);
      };
      assert.deepEqual(await changed(), [3, 4, 500, 900]);
      assert.deepEqual(await changed([[4, 4], [600, 5000]]), [4, 900]);
      assert.deepEqual(await changed(ALL, highestModseq + 4), []);
      assert.equal((await changed(ALL, 0)).length, 1100);
    },
  },
  {
    name: "messages that are \\Deleted are counted through every change",
    async run({ store, account, inbox }) {
      const target = await mailboxOf(store, account, "Trash");
      const deleted = async (mailbox: typeof inbox) => {
        const found = await again(store, mailbox);
        const listed = (await store.mailboxes.list(account)).find(({ id }) => id === mailbox.id);
        assert.deepEqual(listed, found);
        return [found.deleted, found.deletedBytes];
      };
      await append(store, inbox, { content: "12345", flags: ["\\Deleted"] });
      await append(store, inbox, { content: "123" });
      assert.deepEqual(await deleted(inbox), [1, 5]);
      await store.messages.setFlags(inbox.id, ALL, { kind: "add", flags: ["\\deleted", "\\Seen"] });
      assert.deepEqual(await deleted(inbox), [2, 8]);
      await store.messages.setFlags(inbox.id, [[1, 1]], { kind: "set", flags: ["\\Seen"] });
      assert.deepEqual(await deleted(inbox), [1, 3]);
      await store.messages.copy(inbox.id, ALL, target.id);
      assert.deepEqual(await deleted(target), [1, 3]);
      await store.messages.move(inbox.id, [[2, 2]], target.id);
      assert.deepEqual([await deleted(inbox), await deleted(target)], [[0, 0], [2, 6]]);
      await store.messages.expunge(target.id, ALL);
      assert.deepEqual(await deleted(target), [0, 0]);
      await accept(store, { id: "del", local: [{ account, flags: ["\\Deleted"] }], content: "1234" });
      assert.deepEqual(await deleted(inbox), [1, 4]);
    },
  },
  {
    name: "the save date is when a message came into its mailbox (RFC 8514)",
    async run({ store, account, inbox, clock }) {
      const target = await mailboxOf(store, account, "Archive");
      const savedAt = async (mailbox: typeof inbox) =>
        (await rowsOf(store, mailbox)).map((row) => row.savedAt);
      await append(store, inbox, { internalDate: 5 });
      await accept(store, { id: "saved", local: [{ account }], receivedAt: 7 });
      const first = clock.now();
      await clock.advance(1000);
      await store.messages.setFlags(inbox.id, ALL, { kind: "add", flags: ["\\Seen"] });
      assert.deepEqual(await savedAt(inbox), [first, first]);
      await store.messages.copy(inbox.id, [[1, 1]], target.id);
      await clock.advance(1000);
      await store.messages.move(inbox.id, [[2, 2]], target.id);
      assert.deepEqual([await savedAt(inbox), await savedAt(target)], [[first], [
        first + 1000,
        first + 2000,
      ]]);
    },
  },
  {
    name: "many changes, many of one modseq",
    async run({ store, inbox }) {
      await Promise.all(Array.from({ length: 1100 }, () => append(store, inbox, { content: "x" })));
      const { highestModseq } = await again(store, inbox);
      await store.messages.setFlags(inbox.id, ALL, { kind: "add", flags: ["\\Seen"] });
      await store.messages.expunge(inbox.id, [[100, 199]], { any: true });
      const changes = await store.messages.changesSince(inbox.id, highestModseq);
      assert.equal(changes.changed.length, 1000);
      assert.equal(changes.vanished.length, 100);
      assert.deepEqual(changes.changed, await rowsOf(store, inbox));
    },
  },
  {
    name: "accept delivers to every account, into INBOX or where it is told",
    async run({ store, account }) {
      const other = `b-${account}`;
      await accept(store, {
        id: "d1",
        receivedAt: 99,
        local: [{ account }, { account: other, mailbox: "lists/deno", flags: ["\\Flagged", "list"] }],
      });
      const [mine] = await rowsOf(store, await mailboxOf(store, account, "INBOX"));
      const [theirs] = await rowsOf(store, await mailboxOf(store, other, "lists/deno"));
      assert.deepEqual([mine?.flags, mine?.internalDate], [[], 99]);
      assert.deepEqual([theirs?.flags, theirs?.bodyId], [["\\Flagged", "list"], mine?.bodyId]);
      assert.equal((await mailboxOf(store, other, "lists")).messages, 0);
    },
  },
  {
    name: "accept refuses as a whole",
    async run({ store, account, inbox }) {
      const bad = [{ account }, { account: `c-${account}`, mailbox: "a//b" }];
      await assert.rejects(() => accept(store, { id: "d2", local: bad }), Refusal);
      await assert.rejects(() => accept(store, { id: "d3", local: [{ account, flags: ["("] }] }), Refusal);
      assert.deepEqual(await rowsOf(store, inbox), []);
      assert.deepEqual(await store.mailboxes.list(`c-${account}`), []);
      await accept(store, { id: "d4" });
    },
  },
];
