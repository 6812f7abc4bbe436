import assert from "node:assert/strict";
import { encodeUtf8 } from "../../src/core/bytes.ts";
import { foldKey, packLinks, sortKeysOf, unpackLinks } from "../../src/store/sort_keys.ts";
import { formatThreadId, hashId, hashMessageId, parseThreadId, threadOf } from "../../src/store/thread_id.ts";
import { parseMessage } from "../../src/wire/mime/mod.ts";
import { assertLinear } from "../support/growth.ts";

const digestOf = (header: string) => parseMessage(encodeUtf8(`${header.replaceAll("\n", "\r\n")}\r\n\r\n`));
const keysOf = (header: string) => sortKeysOf(digestOf(header), 1);

Deno.test("sort keys: the subject's base, folded, and whether it answers (RFC 5256 section 2.1)", () => {
  const cases: readonly (readonly [subject: string, base: string, isReply: boolean])[] = [
    ["Plan", "PLAN", false],
    ["Re: Plan", "PLAN", true],
    ["[list] Re: [other] Plan", "PLAN", true],
    ["RE[2]: fwd: Plan", "PLAN", true],
    ["[list] Plan", "PLAN", false],
    ["Plan (fwd)", "PLAN", true],
    ["[fwd: Plan]", "PLAN", true],
    ["=?utf-8?q?Re:_Gr=C3=BC=C3=9Fe?=", "GRU\u0308SSE", true],
    ["Re:", "", true],
    ["Report: done", "REPORT: DONE", false],
    ["[core: news] Report", "REPORT", false],
    ["[Re: news] Report", "REPORT", false],
    ["", "", false],
  ];
  for (const [subject, base, isReply] of cases) {
    const keys = keysOf(`Subject: ${subject}`);
    assert.deepEqual([keys.subject, keys.isReply], [base, isReply], subject);
  }
  assert.deepEqual(keysOf("From: a@b").subject, "");
});

Deno.test("sort keys: local parts and display names of the first addresses (RFC 5256 section 3, RFC 5957)", () => {
  const keys = keysOf(
    "From: =?utf-8?q?J=C3=BCrgen?= <Juergen@example.com>, b@example.com\nTo: Team: x@example.com;\nCc: plain@example.com",
  );
  assert.deepEqual([keys.from, keys.displayFrom], ["JUERGEN", "JU\u0308RGEN"]);
  assert.deepEqual([keys.to, keys.displayTo], ["TEAM", "TEAM"]);
  assert.equal(keys.cc, "PLAIN");
  const bare = keysOf("From: <Ann@Example.com>\nDate: Thu, 4 Jan 2024 10:00:00 +0000");
  assert.deepEqual([bare.displayFrom, bare.displayTo, bare.cc], ["ANN@EXAMPLE.COM", "", ""]);
  assert.equal(
    keysOf("From: =?utf-8?q??= <a@example.com>").displayFrom,
    "A@EXAMPLE.COM",
    "a name that is nothing",
  );
  assert.equal(bare.sentAt, Date.UTC(2024, 0, 4, 10));
  assert.equal(keysOf("Subject: x").sentAt, null);
});

Deno.test("sort keys: folding is by letter, not by form, and bounded (RFC 5051)", () => {
  assert.equal(foldKey("Caf\u00e9"), foldKey("CAFE\u0301"));
  assert.equal(foldKey("\uff21bc"), "ABC", "compatibility forms");
  assert.equal(foldKey("x".repeat(9999)).length, 250);
  assert.ok(foldKey("\ud83d\ude00".repeat(200)).isWellFormed());
  assertLinear(100_000, (size) => {
    const marked = "e" + "\u0301\u0316".repeat(size / 2);
    return () => foldKey(marked);
  });
});

Deno.test("thread ids: all answers have their root's, however they name it (RFC 8474 section 5.2)", () => {
  const root = threadOf(digestOf("Message-ID: <root@x>"), 1);
  const same = [
    "Message-ID: <two@x>\nIn-Reply-To: <root@x>",
    "Message-ID: <three@x>\nReferences: <root@x> <two@x>",
    "Message-ID: <four@x>\nReferences: <root@x>\n <two@x>\nIn-Reply-To: <three@x>",
    'References: <"root"@x>',
    "Message-ID: root@x",
  ];
  for (const header of same) assert.equal(threadOf(digestOf(header), 7), root, header);
  for (const header of ["Message-ID: <Root@x>", "Message-ID: <root@x.>", "References: <two@x> <root@x>"]) {
    assert.notEqual(threadOf(digestOf(header), 7), root, header);
  }
  const nameless = digestOf("Subject: x");
  assert.equal(threadOf(nameless, 5), threadOf(nameless, 5));
  assert.notEqual(threadOf(nameless, 5), threadOf(nameless, 6));
});

Deno.test("thread ids: stored numbers, shown as text and read back; what was never one is none", () => {
  // Databases hold these: another number would break threads apart.
  assert.equal(hashMessageId("a@x"), 8231236887317986);
  for (const id of ["a", "b", "1.2@example.com", "x".repeat(500)]) {
    const hash = hashId(id);
    assert.ok(Number.isSafeInteger(hash) && hash > 0);
    assert.match(formatThreadId(hash), /^T[0-9a-z]+$/);
    assert.equal(parseThreadId(formatThreadId(hash)), hash);
  }
  for (
    const text of ["", "T", "t1", "T01", "TZZ", "T1 ", "Tzzzzzzzzzzz", "T-1", "M5", `T${"1".repeat(100)}`]
  ) {
    assert.equal(parseThreadId(text), null, text);
  }
});

Deno.test("thread ids: ids that differ little differ in their hash", () => {
  const hashes = new Set<number>();
  const low = new Set<number>();
  for (let i = 0; i < 200_000; i++) {
    const hash = hashId(`${i}.1700000000@mail.example.com`);
    hashes.add(hash);
    low.add(hash % 65536);
  }
  assert.equal(hashes.size, 200_000);
  assert.ok(low.size > 60_000, "spread evenly");
});

Deno.test("links: what was packed is unpacked", () => {
  const keys = keysOf("Message-ID: <c@x>\nReferences: <a@x> <b@x>");
  assert.equal(packLinks(keys).length, 24);
  const expected = { messageId: hashMessageId("c@x"), references: ["a@x", "b@x"].map(hashMessageId) };
  assert.deepEqual(unpackLinks(packLinks(keys)), expected);
  // As it lies in a larger buffer, anywhere.
  const shifted = new Uint8Array(40);
  shifted.set(packLinks(keys), 3);
  assert.deepEqual(unpackLinks(shifted.subarray(3, 27)), expected);
  assert.deepEqual(unpackLinks(packLinks(keysOf("Subject: x"))), { messageId: 0, references: [] });
});
