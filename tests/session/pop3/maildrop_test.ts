import assert from "node:assert/strict";
import fc from "fast-check";
import { makeMaildropLocks } from "../../../src/session/pop3/mod.ts";
import { Maildrop } from "../../../src/session/pop3/maildrop.ts";

function drop(uids: readonly number[]): Maildrop {
  const maildrop = new Maildrop({ id: 1, uidValidity: 77 });
  maildrop.add(uids.map((uid) => ({ uid, size: uid * 10, bodyId: uid + 1000 })));
  return maildrop;
}

Deno.test("Maildrop: numbers, sizes, unique ids", () => {
  const maildrop = drop([3, 7, 8]);
  assert.deepEqual([maildrop.count, maildrop.bytes], [3, 180]);
  assert.deepEqual(maildrop.get(2), { number: 2, size: 70, uniqueId: "77.7", bodyId: 1007 });
  for (const number of [0, 4, -1]) assert.equal(maildrop.get(number), null);
});

Deno.test("Maildrop: what is deleted is what was marked, and nothing that came in between", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 60 })),
      fc.infiniteStream(fc.boolean()),
      (set, coins) => {
        const uids = set.sort((a, b) => a - b);
        const maildrop = drop(uids);
        const marked = uids.filter((uid, i) => {
          if (!coins.next().value) return false;
          maildrop.markDeleted(i + 1);
          return uid > 0;
        });
        const ranges = maildrop.deletedUids();
        const covered = uids.filter((uid) => ranges.some(([from, to]) => from <= uid && uid <= to));
        assert.deepEqual(covered, marked);
        for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i]![0] > ranges[i - 1]![1]);
        const kept = uids.filter((uid) => !marked.includes(uid));
        assert.equal(maildrop.bytes, kept.reduce((sum, uid) => sum + uid * 10, 0));
        assert.deepEqual([...maildrop.entries()].map((entry) => entry.bodyId - 1000), kept);
        maildrop.unmarkAll();
        assert.deepEqual([maildrop.count, maildrop.deletedUids()], [uids.length, []]);
      },
    ),
  );
});

Deno.test("MaildropLocks: one holder, and a late second release frees nobody else's", () => {
  const locks = makeMaildropLocks();
  const first = locks.take("a");
  assert.equal(locks.take("a"), null);
  assert.notEqual(locks.take("b"), null);
  first!();
  const second = locks.take("a");
  first!();
  assert.equal(locks.take("a"), null);
  second!();
});
