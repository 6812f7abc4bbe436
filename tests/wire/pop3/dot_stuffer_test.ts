import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../../src/core/bytes.ts";
import { DotStuffer } from "../../../src/wire/pop3/mod.ts";

/** What is sent for a message that arrives in pieces of this size. */
function stuffed(message: string, chunkSize = Infinity): string {
  const stuffer = new DotStuffer();
  const bytes = encodeLatin1(message);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) {
    parts.push(stuffer.write(bytes.subarray(at, at + chunkSize)).slice());
    if (chunkSize === Infinity) break;
  }
  parts.push(stuffer.finish());
  return decodeLatin1(concatBytes(parts));
}

const TABLE: [message: string, wire: string][] = [
  ["", ".\r\n"],
  ["a\r\n", "a\r\n.\r\n"],
  ["a", "a\r\n.\r\n"],
  ["a\r", "a\r\n.\r\n"],
  [".", "..\r\n.\r\n"],
  [".\r\n", "..\r\n.\r\n"],
  ["a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"],
  ["a\r\n..b", "a\r\n...b\r\n.\r\n"],
  ["a\n.b\n", "a\r\n..b\r\n.\r\n"],
  ["\n\n", "\r\n\r\n.\r\n"],
  ["a.b\r\nc.\r\n", "a.b\r\nc.\r\n.\r\n"],
  ["a\rb\r\n", "a\rb\r\n.\r\n"],
  ["\r.\r\n", "\r.\r\n.\r\n"],
];

Deno.test("DotStuffer: whole and in pieces of every size", () => {
  for (const [message, wire] of TABLE) {
    for (const size of [Infinity, 1, 2, 3]) {
      assert.equal(stuffed(message, size), wire, `${JSON.stringify(message)} by ${size}`);
    }
  }
});

Deno.test("DotStuffer: a client gets the message back, with CR LF line ends", () => {
  const pieces = fc.array(fc.constantFrom("a", ".", "\r\n", "\n", "\r", "xyz", "\r\n."), { maxLength: 40 });
  fc.assert(fc.property(pieces, fc.integer({ min: 1, max: 7 }), (parts, size) => {
    const message = parts.join("");
    const wire = stuffed(message, size);
    assert.equal(wire, stuffed(message));
    assert(wire === ".\r\n" || wire.endsWith("\r\n.\r\n"));
    const lines = wire.slice(0, -3).split("\r\n").slice(0, -1);
    assert(lines.every((line) => line !== "."), "a lone dot would end it early");
    const received = lines.map((line) => `${line.startsWith(".") ? line.slice(1) : line}\r\n`).join("");
    const end = message === "" || message.endsWith("\n") ? "" : message.endsWith("\r") ? "\n" : "\r\n";
    assert.equal(received, `${message}${end}`.replace(/\r?\n/g, "\r\n"));
  }));
});

Deno.test("DotStuffer: a chunk that needs no change is not copied", () => {
  const chunk = encodeLatin1("Subject: x\r\n\r\nHello\r\n");
  assert.equal(new DotStuffer().write(chunk), chunk);
});
