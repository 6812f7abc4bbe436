import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import { FetchAhead } from "../../../src/session/imap/fetch_ahead.ts";
import type { BodyPart, BodyStore, ByteRange, MessageRow, Store } from "../../../src/store/mod.ts";
import type { FetchItem } from "../../../src/wire/imap/mod.ts";
import { command, ImapHarness } from "./harness.ts";

/** Bodies that say which of them was read from where to where. */
class CountingBodies implements BodyStore {
  readonly begun: string[] = [];
  /** Of one request. */
  readonly counts: number[] = [];
  fails = false;

  stage(): never {
    throw new Error("Nothing is written here");
  }

  async *read(bodyId: number, range?: ByteRange): AsyncGenerator<Uint8Array> {
    yield encodeUtf8(`${bodyId}:`);
    yield encodeUtf8(`${range?.start}-${range?.end}`);
  }

  readMany(reads: readonly BodyPart[]): Promise<Uint8Array[]> {
    this.counts.push(reads.length);
    const names = reads.map(({ bodyId, range }) => `${bodyId}:${range.start}-${range.end}`);
    this.begun.push(...names);
    return this.fails ? Promise.reject(new Error("Damaged")) : Promise.resolve(names.map(encodeUtf8));
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

/** As the writer does it: what was read ahead, or else from the store. */
async function textOf(
  ahead: FetchAhead,
  row: MessageRow,
  { index, range }: { index: number; range: ByteRange },
): Promise<string> {
  const bytes = ahead.take(index);
  return bytes === null ? await text(ahead.read(row, range)) : decodeUtf8(bytes);
}

Deno.test("FetchAhead: whichever rows and items are taken, each gets its own bytes, and nothing is read twice", async () => {
  const size = fc.oneof(fc.integer({ min: 30, max: 30_000 }), fc.integer({ min: 60_000, max: 200_000 }));
  const rows = fc.array(fc.record({ size, taken: fc.boolean() }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(rows, fc.boolean(), async (cases, fails) => {
      const bodies = new CountingBodies();
      bodies.fails = fails;
      const ahead = new FetchAhead(bodies, [WHOLE, { kind: "uid" }, PART]);
      const list = rowsOf(cases.map((one) => one.size));
      // The rows come in two batches, the second while the first is being written.
      const middle = Math.ceil(list.length / 2);
      ahead.expect(list.slice(0, middle));
      for (const [index, row] of list.entries()) {
        if (index === middle >> 1) ahead.expect(list.slice(middle));
        await ahead.goOn();
        // A row that was expunged is passed over.
        if (!cases[index]!.taken) continue;
        const whole = { start: 0, end: row.size };
        assert.equal(await textOf(ahead, row, { index: 0, range: whole }), `${row.bodyId}:0-${row.size}`);
        const part = { start: 10, end: 30 };
        assert.equal(await textOf(ahead, row, { index: 2, range: part }), `${row.bodyId}:10-30`);
      }
      assert.equal(new Set(bodies.begun).size, bodies.begun.length);
    }),
    { numRuns: 200 },
  );
});

Deno.test("FetchAhead: is bounded in messages and in bytes, and leaves large bodies alone", async () => {
  for (
    const [sizes, counts] of [
      [Array(2000).fill(100), [256, 256, 256]],
      [Array(100).fill(60_000), [9, 9, 9]],
      [[10, 70_000, 10], [2]],
    ] as const
  ) {
    const bodies = new CountingBodies();
    const ahead = new FetchAhead(bodies, [WHOLE]);
    ahead.expect(rowsOf(sizes));
    await ahead.goOn();
    assert.deepEqual(bodies.counts, counts);
    ahead.close();
    assert.equal(ahead.take(0), null);
  }
});

Deno.test("FetchAhead: a FETCH without bodies reads none", () => {
  const bodies = new CountingBodies();
  const ahead = new FetchAhead(bodies, [{ kind: "uid" }, { kind: "flags" }]);
  ahead.expect(rowsOf([10, 10]));
  ahead.goOn();
  assert.deepEqual(bodies.begun, []);
});

Deno.test("what was read ahead ends with the client: no more than some pages are asked for", async () => {
  const gone = Promise.withResolvers<void>();
  let pages = 0;
  const counted = (store: Store): Store =>
    Object.create(store, {
      close: { value: () => store.close() },
      bodies: {
        value: {
          stage: () => store.bodies.stage(),
          read: (bodyId: number, range?: ByteRange) => store.bodies.read(bodyId, range),
          async readMany(...args: Parameters<BodyStore["readMany"]>) {
            if (++pages > 3) await gone.promise;
            return await store.bodies.readMany(...args);
          },
        },
      },
    });
  await using harness = new ImapHarness({ wrapStore: counted });
  const content = `Subject: x\r\n\r\n${"x".repeat(20_000)}\r\n`;
  for (let i = 0; i < 300; i++) await harness.append("INBOX", content);
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  client.write("t FETCH 1:* BODY.PEEK[]\r\n");
  await client.readLine();
  client.reset();
  gone.resolve();
  while (harness.log.of("session-end").length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  // Three that were written, three on their way; all of it would be a dozen.
  assert.ok(pages >= 3 && pages <= 7, String(pages));
});
