import assert from "node:assert/strict";
import { ProtocolError } from "../../../src/core/errors.ts";
import { decodeGetQuota, decodeSetQuota, encodeQuota, encodeQuotaRoot } from "../../../src/wire/imap/mod.ts";
import { decoderOf, encoded } from "./support.ts";

Deno.test("commands of quota (RFC 9208 section 4.1)", () => {
  assert.equal(decodeGetQuota(decoderOf(' ""')), "");
  assert.equal(decodeSetQuota(decoderOf(" root (STORAGE 9223372036854775807 MESSAGE 1)")), "root");
  assert.equal(decodeSetQuota(decoderOf(" root ()")), "root");
  for (const text of [" root", " root STORAGE", " root (STORAGE)", " root (STORAGE x)"]) {
    assert.throws(() => decodeSetQuota(decoderOf(text)), ProtocolError, text);
  }
  assert.throws(() => decodeSetQuota(decoderOf(` root (STORAGE ${"9".repeat(20)})`)), ProtocolError);
});

Deno.test("answers about quota (RFC 9208 section 4.2)", () => {
  assert.equal(encoded((encoder) => encodeQuotaRoot(encoder, "a b", "alice")), '* QUOTAROOT "a b" alice\r\n');
  assert.equal(
    encoded((encoder) => {
      encodeQuota(encoder, "alice", [
        { name: "STORAGE", usage: 1, limit: 2 },
        { name: "MESSAGE", usage: 3, limit: 4 },
      ]);
    }),
    "* QUOTA alice (STORAGE 1 2 MESSAGE 3 4)\r\n",
  );
});
