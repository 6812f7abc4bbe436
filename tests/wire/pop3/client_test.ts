import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import { DotUnstuffer } from "../../../src/wire/pop3/client_body.ts";
import { DotStuffer } from "../../../src/wire/pop3/mod.ts";
import {
  parsePop3Capabilities,
  parsePop3Status,
  parseSizeLine,
  parseUidLine,
  pop3Command,
} from "../../../src/wire/pop3/client.ts";

const bytes = encodeLatin1;

Deno.test("parsePop3Status: RFC 1939 section 3, RFC 2449 section 8, RFC 5034 section 4", () => {
  const table: [string, [string, string | null, string]][] = [
    ["+OK\r\n", ["ok", null, ""]],
    ["+OK ready\r\n", ["ok", null, "ready"]],
    ["+ok ready\n", ["ok", null, "ready"]],
    ["-ERR [IN-USE] Busy\r\n", ["err", "IN-USE", "Busy"]],
    ["-ERR [sys/temp]\r\n", ["err", "SYS/TEMP", ""]],
    ["-ERR [no code\r\n", ["err", null, "[no code"]],
    ["+ dGVzdA==\r\n", ["continue", null, "dGVzdA=="]],
    ["-ERR \x1b[31mred\x07\r\n", ["err", null, "?[31mred?"]],
  ];
  for (const [line, [kind, code, text]] of table) {
    assert.deepEqual(parsePop3Status(bytes(line)), { kind, code, text });
  }
  for (const line of ["", "OK", "* OK hi\r\n", "+OKAY\r\n", "HTTP/1.1 200 OK\r\n"]) {
    assert.throws(() => parsePop3Status(bytes(line)), ProtocolError, line);
  }
  assert.equal(parsePop3Status(bytes(`-ERR ${"x".repeat(3000)}\r\n`)).text.length, 300);
});

Deno.test("parsePop3Capabilities: RFC 2449 section 6", () => {
  assert.deepEqual(parsePop3Capabilities(["TOP", "STLS", "sasl PLAIN xoauth2", "PIPELINING", "X-NEW a b"]), {
    stls: true,
    pipelining: true,
    user: false,
    authRespCode: false,
    sasl: ["PLAIN", "XOAUTH2"],
  });
});

Deno.test("lines of UIDL and LIST: RFC 1939 sections 5 and 7", () => {
  assert.deepEqual(parseUidLine("1 whqtswO00WBw418f9t5JxYwZ"), {
    number: 1,
    uid: "whqtswO00WBw418f9t5JxYwZ",
  });
  assert.deepEqual(parseSizeLine("2 200 and more"), { number: 2, size: 200 });
  for (const line of ["", "1", "1 ", "x y", "1 a b", "1 \x7f", `1 ${"u".repeat(251)}`, "-1 a"]) {
    assert.throws(() => parseUidLine(line), ProtocolError, line);
  }
  for (const line of ["", "1", "1 x", "1 -5", "1 1e9", `1 ${"9".repeat(16)}`]) {
    assert.throws(() => parseSizeLine(line), ProtocolError, line);
  }
});

Deno.test("pop3Command: nothing leaves its line", () => {
  assert.equal(decodeLatin1(pop3Command("RETR", "7")), "RETR 7\r\n");
  for (const word of ["a\r\nDELE 1", "a\0", "a\n"]) {
    assert.throws(() => pop3Command("PASS", word), ProtocolError);
  }
});

/** Feeds a response in pieces of `step` bytes; the body, and what came behind its end. */
function unstuff(response: Uint8Array, step: number): { body: string; rest: string } {
  const unstuffer = new DotUnstuffer();
  const body: Uint8Array[] = [];
  for (let at = 0; at < response.length; at += step) {
    const chunk = response.subarray(at, at + step);
    const { bytes, end } = unstuffer.write(chunk);
    body.push(bytes);
    if (end === null) continue;
    return { body: decodeLatin1(concatBytes(body)), rest: decodeLatin1(response.subarray(at + end)) };
  }
  throw new Error("The response has no end");
}

Deno.test("DotUnstuffer: RFC 1939 section 3, whole and byte by byte", () => {
  const table: [string, string, string][] = [
    [".\r\n", "", ""],
    ["a\r\n.\r\n+OK", "a\r\n", "+OK"],
    ["..\r\n...x\r\n.\r\n", ".\r\n..x\r\n", ""],
    ["a.\r\n.b\r\n.\r\n", "a.\r\nb\r\n", ""],
    ["a\n.\n", "a\n", ""],
    ["a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", ""],
    ["a\r.\r\n.\r\n", "a\r.\r\n", ""],
    ["\r\n.\r\nmore", "\r\n", "more"],
  ];
  for (const [response, body, rest] of table) {
    for (const step of [1, 2, 3, 100]) {
      assert.deepEqual(unstuff(bytes(response), step), { body, rest }, JSON.stringify([response, step]));
    }
  }
});

Deno.test("DotUnstuffer: takes away what DotStuffer put in, however it is cut", () => {
  const part = fc.constantFrom("a", ".", "..", "\r\n", "\r\n.\r\n", "b.");
  fc.assert(fc.property(fc.array(part), fc.integer({ min: 1, max: 9 }), (parts, step) => {
    const message = `${parts.join("")}\r\n`;
    const stuffer = new DotStuffer();
    const wire = concatBytes([stuffer.write(bytes(message)), stuffer.finish()]);
    assert.equal(unstuff(wire, step).body, message);
  }));
});
