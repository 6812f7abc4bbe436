import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../../src/core/bytes.ts";
import { DotReader, dotStuff, DotStuffer } from "../../../src/wire/smtp/mod.ts";

interface Read {
  readonly text: string;
  readonly rest: string;
  readonly done: boolean;
  readonly flaw: string | null;
}

/** Feeds a fresh reader pieces of the given sizes (the last size repeats). */
function read(wire: string, sizes: readonly number[] = [Infinity]): Read {
  const reader = new DotReader();
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < wire.length && !reader.done; i++) {
    const size = sizes[Math.min(i, sizes.length - 1)]!;
    parts.push(reader.push(encodeLatin1(wire.slice(at, at + size))).slice());
    at = Math.min(at + size, wire.length);
  }
  const rest = decodeLatin1(reader.rest) + (reader.done ? wire.slice(at) : "");
  return { text: decodeLatin1(concatBytes(parts)), rest, done: reader.done, flaw: reader.flaw };
}

function stuff(message: string, size = Infinity): string {
  const stuffer = new DotStuffer();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += size) {
    parts.push(stuffer.push(encodeLatin1(message.slice(at, at + size))));
  }
  return decodeLatin1(concatBytes([...parts, stuffer.finish()]));
}

Deno.test("the end of the data, and the dots (RFC 5321 section 4.5.2)", () => {
  const table: readonly [wire: string, text: string, rest: string][] = [
    [".\r\n", "", ""],
    ["\r\n.\r\n", "\r\n", ""],
    ["a\r\n.\r\n", "a\r\n", ""],
    ["a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n"],
    ["..\r\n.\r\n", ".\r\n", ""],
    ["..a\r\n...\r\n.b\r\nc.\r\n.\r\n.\r\n", ".a\r\n..\r\nb\r\nc.\r\n", ".\r\n"],
    ["a\r\n\r\n\r\n.\r\n", "a\r\n\r\n\r\n", ""],
  ];
  for (const [wire, text, rest] of table) {
    for (const sizes of [[Infinity], [1], [2], [3], [1, Infinity], [2, 1]]) {
      assert.deepEqual(
        read(wire, sizes),
        { text, rest, done: true, flaw: null },
        JSON.stringify({ wire, sizes }),
      );
    }
  }
});

Deno.test("nothing else ends the data", () => {
  const table: readonly [wire: string, flaw: string | null][] = [
    ["a\r\n.", null],
    ["a\r\n.\r", null],
    ["a.\r\n", null],
    ["a\n.\n", "bare LF"],
    ["a\n.\r\n", "bare LF"],
    ["a\r\n.\n", "bare LF"],
    ["a\r.\r", "bare CR"],
    ["a\r.\r\n", "bare CR"],
    ["a\r\n.\r.\r\n", "bare CR"],
    ["a\r\r\n.x", "bare CR"],
    ["a\r\n.\r\r\n", "bare CR"],
    ["a\r\n.\r\0\n", "bare CR"],
    ["a\r\n.\0\r\n", "NUL"],
    ["\0", "NUL"],
  ];
  for (const [wire, flaw] of table) {
    for (const sizes of [[Infinity], [1], [2], [3]]) {
      const found = read(wire, sizes);
      assert.deepEqual([found.done, found.flaw], [false, flaw], JSON.stringify({ wire, sizes }));
    }
  }
});

Deno.test("after a flaw the real end is still found", () => {
  for (const flaw of ["\n", "\r", "\0", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\r\r\n"]) {
    for (const sizes of [[Infinity], [1], [2], [3]]) {
      const { done, rest } = read(`a${flaw}b\r\n.\r\nNOOP\r\n`, sizes);
      assert.deepEqual([done, rest], [true, "NOOP\r\n"], JSON.stringify({ flaw, sizes }));
    }
  }
});

/** Bytes that matter are frequent. */
const wireText = fc.array(fc.constantFrom("\r\n", "\r\n.", "\r", "\n", ".", "a", "\0", "bc"), {
  maxLength: 40,
})
  .map((parts) => parts.join(""));
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 });

Deno.test("any bytes, cut anywhere, read the same", () => {
  fc.assert(
    fc.property(wireText, sizes, (wire, sizes) => {
      const whole = read(wire);
      const cut = read(wire, sizes);
      // Up to a flaw the pieces may have been passed on already.
      if (whole.flaw === null) assert.deepEqual(cut, whole);
      else assert.deepEqual({ ...cut, text: "" }, { ...whole, text: "" });
      const end = ("\r\n" + wire).indexOf("\r\n.\r\n");
      assert.equal(whole.done, end >= 0);
      if (end >= 0) assert.equal(whole.rest, wire.slice(end + 3));
    }),
    { numRuns: 2000 },
  );
});

const messageText = fc.array(fc.constantFrom("\r\n", ".", "..", "a", "bc\r\n"), { maxLength: 40 })
  .map((parts) => parts.join(""));

Deno.test("what is stuffed is read as the same message, with a final line end", () => {
  fc.assert(
    fc.property(messageText, sizes, fc.integer({ min: 1, max: 9 }), (message, sizes, size) => {
      const wire = stuff(message, size);
      assert.equal(wire, stuff(message));
      const text = message === "" || message.endsWith("\r\n") ? message : message + "\r\n";
      assert.deepEqual(read(wire + "QUIT\r\n", sizes), { text, rest: "QUIT\r\n", done: true, flaw: null });
    }),
    { numRuns: 1000 },
  );
});

Deno.test("whatever is stuffed, it ends once, at its end, and without a bare CR or LF", () => {
  fc.assert(
    fc.property(wireText, fc.integer({ min: 1, max: 9 }), (message, size) => {
      const wire = stuff(message.replaceAll("\0", ""), size);
      assert.equal(wire, stuff(message.replaceAll("\0", "")));
      const { done, rest, flaw } = read(wire);
      assert.deepEqual({ done, rest, flaw }, { done: true, rest: "", flaw: null });
      assert.doesNotMatch(wire, /(?<!\r)\n|\r(?!\n)/);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a chunk without dots is passed on, not copied", () => {
  const chunk = encodeLatin1("a line\r\nanother line\r\n");
  assert.equal(new DotStuffer().push(chunk), chunk);
  assert.equal(new DotReader().push(chunk).buffer, chunk.buffer);
});

Deno.test("dotStuff stuffs a stream", async () => {
  const parts: Uint8Array[] = [];
  for await (const part of dotStuff(["a\r", "\n", ".b"].map(encodeLatin1))) parts.push(part);
  assert.equal(decodeLatin1(concatBytes(parts)), "a\r\n..b\r\n.\r\n");
});
