import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import { Maildrop } from "../../../src/session/pop3/maildrop.ts";
import { ReadAhead } from "../../../src/session/pop3/read_ahead.ts";
import type { BodyStore } from "../../../src/store/mod.ts";

/** Bodies that hold their own id, in two chunks; it counts what was begun and not ended. */
class CountingBodies implements BodyStore {
  open = 0;
  most = 0;
  begun: number[] = [];

  readMany(): never {
    throw new Error("POP3 reads one by one");
  }

  stage(): never {
    throw new Error("Nothing is written here");
  }

  async *read(bodyId: number): AsyncGenerator<Uint8Array> {
    this.begun.push(bodyId);
    this.most = Math.max(this.most, ++this.open);
    try {
      if (bodyId === 13) throw new Error("There is no body 13");
      yield encodeUtf8(`body `);
      yield encodeUtf8(String(bodyId));
    } finally {
      this.open--;
    }
  }
}

function maildropOf(sizes: readonly number[]): Maildrop {
  const maildrop = new Maildrop({ id: 1, uidValidity: 1 });
  maildrop.add(sizes.map((size, i) => ({ uid: i + 1, size, bodyId: i + 1 })));
  return maildrop;
}

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return decodeUtf8(concatBytes(parts));
}

Deno.test("ReadAhead: in whatever order, each number gives its own message, and nothing stays open", async () => {
  const order = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 });
  await fc.assert(fc.asyncProperty(order, fc.boolean(), async (numbers, ascending) => {
    const maildrop = maildropOf(Array(12).fill(100));
    const bodies = new CountingBodies();
    const readAhead = new ReadAhead(bodies, maildrop);
    for (const number of ascending ? [...numbers].sort((a, b) => a - b) : numbers) {
      assert.equal(await text(readAhead.read(maildrop.get(number)!)), `body ${number}`);
    }
    readAhead.close();
    // An iterator that is given up ends after what it has begun.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(bodies.open, 0);
  }));
});

Deno.test("ReadAhead: asks for the next messages early, in order, and each once", async () => {
  const maildrop = maildropOf(Array(100).fill(100));
  const bodies = new CountingBodies();
  const readAhead = new ReadAhead(bodies, maildrop);
  for (let number = 1; number <= 12; number++) await text(readAhead.read(maildrop.get(number)!));
  assert.ok(bodies.begun.length > 12);
  assert.deepEqual(bodies.begun, bodies.begun.map((_, i) => i + 1));
  readAhead.close();
});

Deno.test("ReadAhead: is bounded in bytes, leaves large messages alone, and stops before deleted ones", async () => {
  const large = maildropOf([10, ...Array(20).fill(60_000)]);
  const bodies = new CountingBodies();
  await text(new ReadAhead(bodies, large).read(large.get(1)!));
  assert.deepEqual(bodies.begun, [1, 2, 3, 4, 5]);

  const huge = maildropOf([10, 70_000, 10]);
  const others = new CountingBodies();
  await text(new ReadAhead(others, huge).read(huge.get(1)!));
  assert.deepEqual(others.begun, [1]);

  const holes = maildropOf([10, 10, 10, 10]);
  holes.markDeleted(3);
  const few = new CountingBodies();
  await text(new ReadAhead(few, holes).read(holes.get(1)!));
  assert.deepEqual(few.begun, [1, 2]);
});

Deno.test("ReadAhead: a message that cannot be read fails for who asks for it, and for nobody else", async () => {
  const maildrop = maildropOf(Array(14).fill(100));
  const readAhead = new ReadAhead(new CountingBodies(), maildrop);
  for (let number = 1; number <= 12; number++) await text(readAhead.read(maildrop.get(number)!));
  await assert.rejects(text(readAhead.read(maildrop.get(13)!)), /There is no body 13/);
  assert.equal(await text(readAhead.read(maildrop.get(14)!)), "body 14");
  readAhead.close();
});
