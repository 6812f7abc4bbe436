import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../src/core/bytes.ts";
import { ConnectionLostError } from "../../src/core/errors.ts";
import { LineReader, LineTooLongError } from "../../src/core/line_reader.ts";
import type { Conn } from "../../src/core/ports.ts";

/** A connection that gives these chunks, then ends. */
function connOf(chunks: readonly Uint8Array[]): Conn {
  const left = [...chunks];
  const end = { host: "127.0.0.1", port: 1 };
  return {
    id: "test",
    local: end,
    remote: end,
    tls: null,
    read: () => Promise.resolve(left.shift() ?? null),
    write: () => Promise.resolve(),
    startTls: () => Promise.resolve(),
    close: () => {},
  };
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.slice(at[i], end)).filter((piece) => piece.length > 0);
}

Deno.test("LineReader: where the chunks break does not matter", async () => {
  const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => array.map((b) => (b % 5 === 0 ? 10 : b)));
  await fc.assert(fc.asyncProperty(bytes, fc.array(fc.nat(), { maxLength: 12 }), async (text, cuts) => {
    const reader = new LineReader(connOf(split(text, cuts)));
    const lines: Uint8Array[] = [];
    let rest: Uint8Array | null = null;
    try {
      for (let line = await reader.line(1000, 1); line !== null; line = await reader.line(1000, 1)) {
        assert.equal(line.indexOf(10), line.length - 1);
        lines.push(line);
      }
    } catch (error) {
      assert.ok(error instanceof ConnectionLostError);
      rest = text.subarray(text.lastIndexOf(10) + 1);
    }
    assert.deepEqual(concatBytes([...lines, ...(rest === null ? [] : [rest])]), new Uint8Array(text));
  }));
});

Deno.test("LineReader: a line past the limit is thrown away to its end, in any chunking", async () => {
  const text = encodeLatin1("short\n" + "x".repeat(50) + "\nnext\n");
  for (let size = 1; size <= text.length; size++) {
    const chunks: Uint8Array[] = [];
    for (let i = 0; i < text.length; i += size) chunks.push(text.slice(i, i + size));
    const reader = new LineReader(connOf(chunks));
    assert.equal(decodeLatin1((await reader.line(10, 1))!), "short\n");
    await assert.rejects(reader.line(10, 1), LineTooLongError);
    assert.equal(decodeLatin1((await reader.line(10, 1))!), "next\n");
    assert.equal(await reader.line(10, 1), null);
  }
});

Deno.test("LineReader: who sends a line without end is given up", async () => {
  let reads = 0;
  const chunk = new Uint8Array(64 * 1024).fill(120);
  const reader = new LineReader({ read: () => Promise.resolve(++reads > 1000 ? null : chunk) });
  await assert.rejects(reader.line(4096, 1), ConnectionLostError);
  assert.ok(reads < 20, `${reads} reads`);
});

Deno.test("LineReader: patience is asked for at each read", async () => {
  const asked: number[] = [];
  const chunks = ["a", "b", "c\n"].map(encodeLatin1);
  const reader = new LineReader({
    read: (timeoutMs) => {
      asked.push(timeoutMs);
      return Promise.resolve(chunks.shift() ?? null);
    },
  });
  let left = 10;
  assert.equal(decodeLatin1((await reader.line(100, () => left--))!), "abc\n");
  assert.deepEqual(asked, [10, 9, 8]);
});

Deno.test("LineReader: some, unread, wait and discard share one buffer", async () => {
  const reader = new LineReader(connOf([encodeLatin1("abc\nde"), encodeLatin1("f\n")]));
  await Promise.race([reader.wait(1), reader.wait(1)]);
  assert.equal(decodeLatin1((await reader.some(2, 1))!), "ab");
  reader.unread(encodeLatin1("ab"));
  assert.equal(decodeLatin1((await reader.line(100, 1))!), "abc\n");
  assert.equal(reader.buffered, 2);
  reader.discardBuffered();
  assert.equal(reader.buffered, 0);
  assert.equal(decodeLatin1((await reader.line(100, 1))!), "f\n");
  await reader.wait(1);
  assert.equal(await reader.some(10, 1), null);
});
