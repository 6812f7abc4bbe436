import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import { FetchAhead } from "../../../src/session/imap/fetch_ahead.ts";
import type { BodyStore, ByteRange, MessageRow, Store } from "../../../src/store/mod.ts";
import type { FetchItem } from "../../../src/wire/imap/mod.ts";
import { command, ImapHarness } from "./harness.ts";

/** Bodies that say which of them was read from where to where; it counts what was begun and not ended. */
class CountingBodies implements BodyStore {
  open = 0;
  begun: string[] = [];

  stage(): never {
    throw new Error("Nothing is written here");
  }

  async *read(bodyId: number, range?: ByteRange): AsyncGenerator<Uint8Array> {
    const name = `${bodyId}:${range?.start}-${range?.end}`;
    this.begun.push(name);
    this.open++;
    try {
      yield encodeUtf8(name.slice(0, 2));
      yield encodeUtf8(name.slice(2));
    } finally {
      this.open--;
    }
  }
}

function rowsOf(sizes: readonly number[]): MessageRow[] {
  return sizes.map((size, i) => ({
    uid: i + 1,
    modseq: 1,
    flags: [],
    internalDate: 0,
    size,
    bodyId: 10 + i,
    savedAt: null,
  }));
}

function section(partial: { start: number; length: number } | null): FetchItem {
  return { kind: "section", peek: true, label: null, section: { path: [], text: "", fields: [], partial } };
}

const WHOLE = section(null);
const PART = section({ start: 10, length: 20 });

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return decodeUtf8(concatBytes(parts));
}

/** An iterator that is given up ends after what it has begun. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("FetchAhead: whichever rows and items are taken, each gets its own bytes, and nothing stays open", async () => {
  const size = fc.oneof(fc.integer({ min: 30, max: 30_000 }), fc.integer({ min: 60_000, max: 200_000 }));
  const rows = fc.array(fc.record({ size, taken: fc.boolean() }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(rows, async (cases) => {
      const bodies = new CountingBodies();
      const ahead = new FetchAhead(bodies, [WHOLE, { kind: "uid" }, PART]);
      const list = rowsOf(cases.map((one) => one.size));
      ahead.expect(list);
      for (const [index, row] of list.entries()) {
        ahead.goOn(index);
        // A row that was expunged is passed over.
        if (!cases[index]!.taken) continue;
        const whole = { start: 0, end: row.size };
        assert.equal(await text(ahead.read(row, 0, whole)), `${row.bodyId}:0-${row.size}`);
        assert.equal(await text(ahead.read(row, 2, { start: 10, end: 30 })), `${row.bodyId}:10-30`);
      }
      ahead.close();
      await settled();
      assert.equal(bodies.open, 0);
      assert.equal(new Set(bodies.begun).size, bodies.begun.length, "nothing is read twice");
    }),
    { numRuns: 200 },
  );
});

Deno.test("FetchAhead: is bounded in messages and in bytes", async () => {
  for (
    const [sizes, most] of [[Array(200).fill(100), 128], [Array(100).fill(60_000), 17], [
      [10, 70_000],
      1,
    ]] as const
  ) {
    const bodies = new CountingBodies();
    const ahead = new FetchAhead(bodies, [WHOLE]);
    ahead.expect(rowsOf(sizes));
    ahead.goOn(0);
    assert.equal(bodies.begun.length, most);
    ahead.close();
    await settled();
    assert.equal(bodies.open, 0);
  }
});

Deno.test("FetchAhead: a FETCH without bodies reads none", () => {
  const bodies = new CountingBodies();
  const ahead = new FetchAhead(bodies, [{ kind: "uid" }, { kind: "flags" }]);
  ahead.expect(rowsOf([10, 10]));
  ahead.goOn(0);
  assert.deepEqual(bodies.begun, []);
});

Deno.test("what was read ahead is given up when the client goes away", async () => {
  let open = 0;
  const counted = (store: Store): Store =>
    Object.create(store, {
      close: { value: () => store.close() },
      bodies: {
        value: {
          stage: () => store.bodies.stage(),
          async *read(bodyId: number, range?: ByteRange) {
            open++;
            try {
              yield* store.bodies.read(bodyId, range);
            } finally {
              open--;
            }
          },
        },
      },
    });
  await using harness = new ImapHarness({ wrapStore: counted });
  for (let i = 0; i < 100; i++) {
    await harness.append("INBOX", `Subject: ${i}\r\n\r\n${"x".repeat(20_000)}\r\n`);
  }
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  client.write("t FETCH 1:* BODY.PEEK[]\r\n");
  await client.readLine();
  assert.ok(open > 0);
  client.close();
  while (harness.log.of("session-end").length === 0) await settled();
  await settled();
  assert.equal(open, 0);
});
