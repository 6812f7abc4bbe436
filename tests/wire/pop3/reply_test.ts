import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeUtf8 } from "../../../src/core/bytes.ts";
import { encodeLines, encodeReply, err, ok } from "../../../src/wire/pop3/mod.ts";

Deno.test("encodeReply", () => {
  const table: [ReturnType<typeof ok>, string][] = [
    [ok(), "+OK\r\n"],
    [ok("2 320"), "+OK 2 320\r\n"],
    [err("No such message"), "-ERR No such message\r\n"],
    [err("Busy", "IN-USE"), "-ERR [IN-USE] Busy\r\n"],
    [err("a\r\n+OK b"), "-ERR a??+OK b\r\n"],
  ];
  for (const [reply, wire] of table) assert.equal(decodeUtf8(encodeReply(reply)), wire);
});

Deno.test("encodeReply: one line of at most 512 octets, whatever the text", () => {
  fc.assert(fc.property(fc.string({ maxLength: 700, unit: "binary" }), fc.boolean(), (text, good) => {
    const wire = encodeReply(good ? ok(text) : err(text, "SYS/TEMP"));
    assert(wire.length <= 512);
    assert.equal(wire.indexOf(10), wire.length - 1);
  }));
});

Deno.test("encodeLines: dots are doubled, the end is marked, long listings come in pieces", () => {
  const all = (lines: Iterable<string>) => decodeUtf8(concatBytes([...encodeLines(lines)]));
  assert.equal(all([]), ".\r\n");
  assert.equal(all(["1 120", ".", "..x"]), "1 120\r\n..\r\n...x\r\n.\r\n");
  const many = Array.from({ length: 20_000 }, (_, i) => `${i + 1} 1000`);
  assert.equal(all(many), `${many.join("\r\n")}\r\n.\r\n`);
  assert([...encodeLines(many)].length > 2);
});
