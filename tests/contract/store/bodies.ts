import assert from "node:assert/strict";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import type { BodyStage, Store } from "../../../src/store/mod.ts";
import { parseMessage } from "../../../src/wire/mime/mod.ts";
import {
  accept,
  ALL,
  append,
  bigMessage,
  bytesOf,
  type ContractCase,
  mailboxOf,
  queueEntry,
  rowsOf,
  staged,
} from "./harness.ts";

const KIB = 1024;

/** Around the edges of chunks and of what waits in memory. */
const SIZES = [
  0,
  1,
  4095,
  65535,
  65536,
  65537,
  131072,
  200_000,
  256 * KIB,
  256 * KIB + 1,
  300_000,
  327_680,
  800_001,
];

export const bodyCases: readonly ContractCase[] = [
  {
    name: "what is being staged can be read, in parts, before it is sealed",
    async run({ store }) {
      for (const size of SIZES) {
        const bytes = bigMessage(Math.max(size, 100)).slice(0, size);
        const stage = store.bodies.stage();
        for (let at = 0; at < size; at += 50_000) await stage.write(bytes.slice(at, at + 50_000));
        for (
          const [start, end] of [[0, size], [0, 10], [65530, 65550], [size - 5, size + 5], [size, size + 1]]
        ) {
          const found = await stage.read({ start: start!, end: end! });
          assert.deepEqual(found, bytes.slice(Math.max(0, start!), end!), `${size}: ${start} to ${end}`);
        }
        stage.discard();
        await assert.rejects(() => stage.read({ start: 0, end: 1 }));
      }
    },
  },
  {
    name: "one delivery puts versions of a message into several mailboxes of an account",
    async run({ store, account, inbox }) {
      await store.accept({
        id: `versions-${account}`,
        body: await staged(store, "Subject: one\r\n\r\n1"),
        receivedAt: 5000,
        local: [{ account }, { account, mailbox: "Work/New", flags: ["\\Seen", "k"] }],
        edited: [
          {
            body: await staged(store, bigMessage(400_000)),
            local: [{ account, mailbox: "Big" }, { account }],
          },
          { body: await staged(store, "unused"), local: [] },
        ],
        queued: null,
      });
      const rows = await rowsOf(store, inbox);
      assert.deepEqual(rows.map(({ size }) => size), [400_000, 17]);
      const filed = await rowsOf(store, await mailboxOf(store, account, "Work/New"));
      assert.deepEqual(filed.map(({ flags, bodyId }) => [flags, bodyId]), [[
        ["\\Seen", "k"],
        rows[1]!.bodyId,
      ]]);
      assert.equal((await rowsOf(store, await mailboxOf(store, account, "Big"))).length, 1);
      assert.deepEqual(await bytesOf(store, rows[0]!.bodyId), bigMessage(400_000));
    },
  },
  {
    name: "bodies of every size come back byte by byte",
    async run({ store, inbox }) {
      const prefix = "Return-Path: <x@example.com>\r\n";
      for (const size of SIZES) {
        const content = size < 200 ? new Uint8Array(size).fill(65) : bigMessage(size);
        const bodyId = await appendBytes(store, inbox.id, { content, prefix });
        const expected = concatBytes([encodeUtf8(prefix), content]);
        assert.deepEqual(await bytesOf(store, bodyId), expected, `${size} bytes`);
        await checkRanges(store, bodyId, expected);
      }
    },
  },
  {
    name: "random bytes, which nothing can compress",
    async run({ store, inbox }) {
      const content = new Uint8Array(150_000);
      let state = 7;
      for (let at = 0; at < content.length; at++) {
        state = Math.imul(state, 1664525) + 1013904223 >>> 0;
        content[at] = state >>> 24;
      }
      const bodyId = await appendBytes(store, inbox.id, { content });
      assert.deepEqual(await bytesOf(store, bodyId), content);
      await checkRanges(store, bodyId, content);
    },
  },
  {
    name: "pieces of any size make the same body, and the same digest",
    async run({ store, inbox }) {
      const content = concatBytes([
        encodeUtf8("From: a@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n"),
        bigMessage(400_000),
        encodeUtf8("\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--x--\r\n"),
      ]);
      const digest = parseMessage(content);
      for (const step of [7777, 65536, 100_000, content.length]) {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < content.length; at += step) pieces.push(content.slice(at, at + step));
        const { uid } = await store.messages.append({
          mailboxId: inbox.id,
          body: await staged(store, pieces),
          flags: [],
          internalDate: 0,
        });
        for await (const [row] of store.messages.rowsWithDigest(inbox.id, [[uid, uid]])) {
          assert.deepEqual(row?.digest, digest);
          assert.deepEqual(await bytesOf(store, row!.bodyId), content);
        }
      }
    },
  },
  {
    name: "many parts at once are what reading them one by one gives",
    async run({ store, inbox }) {
      const header = "Return-Path: <>\r\nsubject: a\r\n b\r\nX: y\r\nFrom: me\r\n\r\n";
      const bodies: { readonly id: number; readonly size: number }[] = [];
      for (const size of [0, 1, 3000, 65535, 65537, 140_000]) {
        for (const prefix of [0, 17, header.length]) {
          const stage = store.bodies.stage();
          const content = concatBytes([
            encodeUtf8(header.slice(prefix)),
            noise(size),
            encodeUtf8("a".repeat(size)),
          ]);
          for (let at = 0; at < content.length; at += 50_000) {
            await stage.write(content.slice(at, at + 50_000));
          }
          const body = stage.seal(encodeUtf8(header.slice(0, prefix)));
          const { uid } = await store.messages.append({
            mailboxId: inbox.id,
            body,
            flags: [],
            internalDate: 0,
          });
          const [row] = await rowsOf(store, inbox, [[uid, uid]]);
          bodies.push({ id: row!.bodyId, size: row!.size });
        }
      }
      const reads = bodies.flatMap(({ id: bodyId, size }) =>
        [[0, 5], [5, 30], [0, header.length], [header.length, size], [size - 1, size], [65_000, 70_000], [
          20,
          65_556,
        ]]
          .filter(([start, end]) => start! < end! && end! <= size && end! - start! <= 64 * KIB)
          .map(([start, end]) => ({ bodyId, range: { start: start!, end: end! } }))
      );
      const found = await store.bodies.readMany(reads);
      for (const [place, { bodyId, range }] of reads.entries()) {
        const parts: Uint8Array[] = [];
        for await (const piece of store.bodies.read(bodyId, range)) parts.push(piece);
        assert.deepEqual(found[place]?.slice(), concatBytes(parts), `${bodyId} ${range.start}-${range.end}`);
      }
      const headers = bodies.map(({ id: bodyId }) => ({ bodyId, range: { start: 0, end: header.length } }));
      const only = await store.bodies.readMany(headers, { fields: ["From", "SUBJECT"], mode: "only" });
      assert.deepEqual(
        new Set(only.map((bytes) => decodeUtf8(bytes!))),
        new Set(["subject: a\r\n b\r\nFrom: me\r\n\r\n"]),
      );
      const rest = await store.bodies.readMany(headers, { fields: ["From", "SUBJECT"], mode: "not" });
      assert.deepEqual(
        new Set(rest.map((bytes) => decodeUtf8(bytes!))),
        new Set(["Return-Path: <>\r\nX: y\r\n\r\n"]),
      );
    },
  },
  {
    name: "of many parts those that cannot be read are null",
    async run({ store, inbox }) {
      const uid = await append(store, inbox, { content: "Subject: x\r\n\r\nHere.\r\n" });
      const bodyId = (await rowsOf(store, inbox, [[uid, uid]]))[0]!.bodyId;
      const [good, gone, long] = await store.bodies.readMany([
        { bodyId, range: { start: 0, end: 7 } },
        { bodyId: bodyId + 1000, range: { start: 0, end: 7 } },
        { bodyId, range: { start: 0, end: 7000 } },
      ]);
      assert.deepEqual([decodeUtf8(good!), gone, long], ["Subject", null, null]);
      assert.deepEqual(await store.bodies.readMany([]), []);
    },
  },
  {
    name: "a message of single bytes",
    async run({ store, inbox }) {
      const content = encodeUtf8("Subject: slow\r\n\r\nbody");
      const pieces = Array.from(content, (byte) => Uint8Array.of(byte));
      const { uid } = await store.messages.append({
        mailboxId: inbox.id,
        body: await staged(store, pieces),
        flags: [],
        internalDate: 0,
      });
      const [row] = await rowsOf(store, inbox, [[uid, uid]]);
      assert.deepEqual(await bytesOf(store, row!.bodyId), content);
    },
  },
  {
    name: "the caller's buffers are left alone",
    async run({ store, inbox }) {
      const shared = bigMessage(600_000);
      const copy = shared.slice();
      const stage = store.bodies.stage();
      for (let at = 0; at < shared.length; at += 50_000) await stage.write(shared.subarray(at, at + 50_000));
      const prefix = encodeUtf8("X: y\r\n");
      await store.messages.append({
        mailboxId: inbox.id,
        body: stage.seal(prefix),
        flags: [],
        internalDate: 0,
      });
      assert.deepEqual(shared, copy, "not detached, not changed");
      assert.equal(prefix.length, 6);
    },
  },
  {
    name: "sizes are told at every stage",
    async run({ store }) {
      const stage = store.bodies.stage();
      assert.equal(stage.size, 0);
      await stage.write(new Uint8Array(10));
      await stage.write(new Uint8Array(300_000));
      assert.equal(stage.size, 300_010);
      assert.equal(stage.seal(new Uint8Array(5)).size, 300_015);
      stage.discard();
    },
  },
  {
    name: "a discarded body cannot be used, whenever it is discarded",
    async run({ store, account }) {
      for (const size of [10, 400_000]) {
        const early = await filled(store, size);
        early.discard();
        early.discard();
        await assert.rejects(() => early.write(new Uint8Array(1)));
        assert.throws(() => early.seal());
        const late = await filled(store, size);
        const body = late.seal();
        late.discard();
        const delivery = { id: "gone", receivedAt: 0, local: [{ account }], queued: null, body };
        await assert.rejects(() => store.accept(delivery));
      }
    },
  },
  {
    name: "a body is good for one accept, and a discard after it does nothing",
    async run({ store, account, inbox }) {
      for (const size of [10, 400_000]) {
        const stage = await filled(store, size);
        const body = stage.seal();
        const delivery = { id: `once${size}`, receivedAt: 0, local: [{ account }], queued: null, body };
        await store.accept(delivery);
        stage.discard();
        await assert.rejects(() => store.accept(delivery));
        const rows = await rowsOf(store, inbox);
        assert.equal((await bytesOf(store, rows.at(-1)!.bodyId)).length, size);
      }
    },
  },
  {
    name: "a sealed stage takes no more",
    async run({ store }) {
      const stage = await filled(store, 5);
      stage.seal();
      await assert.rejects(() => stage.write(new Uint8Array(1)));
      assert.throws(() => stage.seal());
    },
  },
  {
    name: "a body of another store is refused",
    async run({ store, account }) {
      const foreign = { id: "f", receivedAt: 0, local: [{ account }], queued: null, body: { size: 3 } };
      await assert.rejects(() => store.accept(foreign), TypeError);
    },
  },
  {
    name: "one body serves several mailboxes and the queue until the last of them is done",
    async run({ store, account }) {
      const other = `two-${account}`;
      const queued = queueEntry(["x@far.example"]);
      await accept(store, { id: "one", local: [{ account }, { account: other }], queued, content: "shared" });
      const mine = await mailboxOf(store, account, "INBOX");
      const theirs = await mailboxOf(store, other, "INBOX");
      const bodyId = (await rowsOf(store, mine))[0]!.bodyId;
      assert.equal((await rowsOf(store, theirs))[0]?.bodyId, bodyId);
      assert.equal((await store.spool.get("one"))?.bodyId, bodyId);
      await store.spool.settle("one", [{ index: 0, state: { kind: "done" } }]);
      await store.messages.expunge(theirs.id, ALL, { any: true });
      assert.equal((await bytesOf(store, bodyId)).length, 6);
    },
  },
  {
    name: "there is no body of a number that was never given",
    async run({ store }) {
      await assert.rejects(() => bytesOf(store, 99_999_999));
    },
  },
  {
    name: "a reader may stop in the middle of a body",
    async run({ store, inbox }) {
      const bodyId = await appendBytes(store, inbox.id, { content: bigMessage(700_000) });
      for await (const piece of store.bodies.read(bodyId)) {
        assert.ok(piece.length > 0);
        break;
      }
    },
  },
  {
    name: "many readers of one body at once",
    async run({ store, inbox }) {
      const content = bigMessage(500_000);
      const bodyId = await appendBytes(store, inbox.id, { content });
      const all = await Promise.all(Array.from({ length: 8 }, () => bytesOf(store, bodyId)));
      for (const bytes of all) assert.deepEqual(bytes, content);
    },
  },
  {
    name: "a zero-byte message has a digest",
    async run({ store, inbox }) {
      const uid = await append(store, inbox, { content: "" });
      for await (const [row] of store.messages.rowsWithDigest(inbox.id, [[uid, uid]])) {
        assert.equal(row?.digest.structure.type, "text");
        assert.equal((await bytesOf(store, row!.bodyId)).length, 0);
      }
    },
  },
];

async function appendBytes(
  store: Store,
  mailboxId: number,
  { content, prefix }: { readonly content: Uint8Array; readonly prefix?: string },
): Promise<number> {
  const body = await staged(store, content, prefix);
  const { uid } = await store.messages.append({ mailboxId, body, flags: [], internalDate: 0 });
  for await (const [row] of store.messages.rows(mailboxId, [[uid, uid]])) return row!.bodyId;
  throw new Error("The message should be there");
}

/** Ranges that begin and end around each border. */
async function checkRanges(store: Store, bodyId: number, expected: Uint8Array): Promise<void> {
  const edges = [0, 1, 29, 30, 31, 65535, 65536, 65566, 65567, 131_102, 262_174, expected.length];
  const starts = edges.filter((edge) => edge <= expected.length);
  for (const start of starts) {
    for (const length of [0, 1, 64, 65536, 70_000]) {
      const end = start + length;
      const found = await bytesOf(store, bodyId, { start, end });
      assert.ok(
        equalBytes(found, expected.slice(start, end)),
        `range ${start} to ${end} of ${expected.length}`,
      );
    }
  }
}

/** Faster than `deepEqual` for many large ranges. */
function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

async function filled(store: Store, size: number): Promise<BodyStage> {
  const stage = store.bodies.stage();
  for (let at = 0; at < size; at += 50_000) {
    await stage.write(new Uint8Array(Math.min(50_000, size - at)).fill(66));
  }
  return stage;
}

/** Bytes that cannot be packed. */
function noise(size: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: size }, () => (state = Math.imul(state, 1103515245) + 12345 >>> 0) >>> 16);
}
