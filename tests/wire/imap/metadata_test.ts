import assert from "node:assert/strict";
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import { decodeGetMetadata, decodeSetMetadata, encodeMetadata } from "../../../src/wire/imap/mod.ts";
import { decoderOf, encoded } from "./support.ts";

Deno.test("GETMETADATA (RFC 5464 section 4.2)", () => {
  const plain = { mailbox: "INBOX", entries: ["/shared/comment"], maxSize: null, depth: "0" };
  const two = ["/shared/comment", "/private/a"];
  const cases: [string, object][] = [
    [' "INBOX" /shared/comment', plain],
    [" INBOX (/Shared/Comment /shared/comment)", plain],
    [' INBOX ("/shared/comment" {10}\r\n/private/a)', { ...plain, entries: two }],
    // The grammar has the options first, the examples of RFC 5464 have them second.
    [" (MAXSIZE 10 DEPTH 1) INBOX /shared/comment", { ...plain, maxSize: 10, depth: "1" }],
    [" INBOX (DEPTH Infinity) /shared/comment", { ...plain, depth: "infinity" }],
    [" INBOX (MAXSIZE 0) (/shared/comment /private/a)", { ...plain, entries: two, maxSize: 0 }],
    [' "" /shared/comment', { ...plain, mailbox: "" }],
  ];
  for (const [text, args] of cases) assert.deepEqual(decodeGetMetadata(decoderOf(text)), args, text);
});

Deno.test("GETMETADATA with mistakes", () => {
  const cases = [
    " INBOX",
    " INBOX ()",
    " INBOX comment",
    " INBOX /other/x",
    " INBOX /shared",
    " INBOX /shared/",
    " INBOX /shared//x",
    ' INBOX "/shared/*"',
    ' INBOX "/shared/%"',
    ' INBOX "/shared/\u00e9"',
    " INBOX (DEPTH 2) /shared/x",
    " INBOX (MAXSIZE) /shared/x",
    " INBOX (OTHER 1) /shared/x",
    " INBOX (DEPTH 0)",
    " (DEPTH 0)",
  ];
  for (const text of cases) assert.throws(() => decodeGetMetadata(decoderOf(text)), ProtocolError, text);
});

Deno.test("SETMETADATA (RFC 5464 section 4.3)", () => {
  assert.deepEqual(decodeSetMetadata(decoderOf(' x (/private/A "v" /shared/b NIL /private/a {2}\r\nxy)')), {
    mailbox: "x",
    values: [{ entry: "/private/a", value: encodeUtf8("xy") }, { entry: "/shared/b", value: null }],
  });
  for (const text of [" x ()", " x /private/a v", " x (/private/a)", " x (/private/a v)", " x (a NIL)"]) {
    assert.throws(() => decodeSetMetadata(decoderOf(text)), ProtocolError, text);
  }
});

Deno.test("values are told as they are (RFC 5464 section 4.4.1)", () => {
  const cases: [value: Uint8Array | null, told: string][] = [
    [encodeUtf8("a b"), '"a b"'],
    [encodeUtf8(""), '""'],
    [encodeUtf8('"\\'), '"\\"\\\\"'],
    [encodeUtf8("\u00e9"), "{2}\r\n\u00e9"],
    [encodeUtf8("a\r\nb"), "{4}\r\na\r\nb"],
    [encodeUtf8("a\0b"), "~{3}\r\na\0b"],
    [null, "NIL"],
  ];
  for (const [value, told] of cases) {
    const text = encoded((encoder) => encodeMetadata(encoder, "x", [{ entry: "/private/a", value }]));
    assert.equal(text, `* METADATA x (/private/a ${told})\r\n`);
  }
});
