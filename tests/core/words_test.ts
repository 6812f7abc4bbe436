import assert from "node:assert/strict";
import fc from "fast-check";
import { addressKey, formatAddress, needsSmtpUtf8 } from "../../src/core/address.ts";
import {
  concatBytes,
  decodeLatin1,
  encodeLatin1,
  equalConstantTime,
  tryDecodeUtf8,
} from "../../src/core/bytes.ts";
import { normalizeDomain } from "../../src/core/domain.ts";
import { Refusal } from "../../src/core/errors.ts";
import { makeId } from "../../src/core/id.ts";
import { type EnhancedCode, Reply } from "../../src/core/reply.ts";

Deno.test("address: the local part is quoted only when it has to be", () => {
  const table: [string, string][] = [
    ["alice", "alice@example.com"],
    ["a.b+c", "a.b+c@example.com"],
    ["jörg", "jörg@example.com"],
    ["two words", '"two words"@example.com'],
    ['say "hi"\\', '"say \\"hi\\"\\\\"@example.com'],
    [".dot", '".dot"@example.com'],
    ["a..b", '"a..b"@example.com'],
    ["", '""@example.com'],
  ];
  for (const [local, written] of table) {
    assert.equal(formatAddress({ local, domain: "example.com" }), written);
  }
  assert.equal(formatAddress(null), "");
  assert.equal(addressKey({ local: "Alice", domain: "Example.COM" }), "alice@example.com");
  assert.equal(needsSmtpUtf8({ local: "jörg", domain: "example.com" }), true);
  assert.equal(needsSmtpUtf8({ local: "joerg", domain: "example.com" }), false);
  assert.equal(needsSmtpUtf8(null), false);
});

Deno.test("domain: one form inside, null for what is none", () => {
  const table: [string, string | null][] = [
    ["Example.COM", "example.com"],
    ["example.com.", "example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["localhost", "localhost"],
    ["_dmarc.example.com", "_dmarc.example.com"],
    ["", null],
    [".", null],
    ["a..b", null],
    ["-a.example", null],
    ["a b.example", null],
    ["a/b", null],
    ["../etc", null],
    ["a".repeat(64) + ".example", null],
    ["a\r\nb.example", null],
    ["[127.0.0.1]", null],
  ];
  for (const [text, expected] of table) assert.equal(normalizeDomain(text), expected, JSON.stringify(text));
});

Deno.test("reply: the enhanced code agrees with the code, by construction", () => {
  assert.throws(() => new Reply(552, "4.3.1", "no"), RangeError);
  assert.throws(() => new Reply(199, null, "no"), RangeError);
  fc.assert(fc.property(fc.integer({ min: 200, max: 599 }), fc.constantFrom(2, 4, 5), (code, digit) => {
    const enhanced = `${digit}.0.0` as EnhancedCode;
    if (Math.floor(code / 100) === digit) assert.equal(new Reply(code, enhanced, "x").enhanced, enhanced);
    else assert.throws(() => new Reply(code, enhanced, "x"));
  }));
  const refusal = Refusal.of(550, "5.1.1", "No such user", "not in the directory");
  assert.equal(refusal.reply.isPermanent, true);
  assert.equal(refusal.reply.isTemporary, false);
  assert.equal(refusal.message, "550 5.1.1 No such user");
});

Deno.test("id: sorts by time and holds nothing but safe letters", () => {
  const random = { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)), fraction: () => 0.5 };
  const at = (now: number) => makeId({ now: () => now, sleep: () => Promise.resolve() }, random);
  assert.match(at(1_790_000_000_000), /^[0-9a-z]{20}$/);
  assert.ok(at(1_790_000_000_000) < at(1_790_000_000_001));
  assert.ok(at(1_790_000_000_001) < at(2_790_000_000_000));
});

Deno.test("bytes: latin1 round trip, concat, compare, strict UTF-8", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
    assert.deepEqual(encodeLatin1(decodeLatin1(a)), new Uint8Array(a));
    assert.equal(concatBytes([a, b]).length, a.length + b.length);
    assert.equal(equalConstantTime(a, b), a.length === b.length && a.every((x, i) => x === b[i]));
    assert.equal(equalConstantTime(a, new Uint8Array(a)), true);
  }));
  assert.equal(tryDecodeUtf8(new Uint8Array([0xff])), null);
  assert.equal(tryDecodeUtf8(new Uint8Array([0xc3, 0xa4])), "ä");
});
