import assert from "node:assert/strict";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  ALL_RIGHTS,
  decodeMailboxAndIdentifier,
  decodeSetAcl,
  encodeAcl,
  encodeListRights,
  encodeMyRights,
  withVirtualRights,
} from "../../../src/wire/imap/mod.ts";
import { decoderOf, encoded } from "./support.ts";

Deno.test("rights to set, add and take away (RFC 4314 sections 2.1.1 and 3.1)", () => {
  const cases: [text: string, kind: string, rights: string][] = [
    ["lr", "set", "lr"],
    ["+sr", "add", "rs"],
    ["-wa", "remove", "wa"],
    ['""', "set", ""],
    ["c", "set", "kx"],
    ["+d", "add", "te"],
    ["dtecx", "set", "kxte"],
    ["rrr", "set", "r"],
    [ALL_RIGHTS, "set", ALL_RIGHTS],
  ];
  for (const [text, kind, rights] of cases) {
    const args = decodeSetAcl(decoderOf(` box bob ${text}`));
    assert.deepEqual(
      args,
      { mailbox: "box", identifier: "bob", given: "bob", change: { kind, rights } },
      text,
    );
  }
});

Deno.test("rights that there are not are refused (RFC 4314 section 3.1)", () => {
  for (const text of ["z", "lr0", "LR", "l r", "++l", "", "+-l", '"l "', "\u00e9"]) {
    assert.throws(() => decodeSetAcl(decoderOf(` box bob ${text}`)), ProtocolError, text);
  }
  assert.throws(() => decodeMailboxAndIdentifier(decoderOf(" box")), ProtocolError);
});

Deno.test("old clients are told the rights that they know (RFC 4314 section 2.1.1)", () => {
  const cases = [["lr", "lr"], ["k", "kc"], ["x", "xc"], ["t", "td"], ["e", "ed"], ["lrkt", "lrktcd"], [
    "",
    "",
  ]];
  for (const [rights, told] of cases) assert.equal(withVirtualRights(rights!), told);
});

Deno.test("answers about rights (RFC 4314 sections 3.6 to 3.8)", () => {
  assert.equal(
    encoded((encoder) => {
      encodeAcl(encoder, "a b", [
        { identifier: "alice@example.com", rights: ALL_RIGHTS },
        { identifier: "-anyone", rights: "r" },
      ]);
    }),
    '* ACL "a b" alice@example.com lrswipkxteacd -anyone r\r\n',
  );
  assert.equal(
    encoded((encoder) => encodeListRights(encoder, { mailbox: "x", identifier: "bob" }, "")),
    '* LISTRIGHTS x bob "" l r s w i p k x t e a c d\r\n',
  );
  assert.equal(encoded((encoder) => encodeMyRights(encoder, "x", "lr")), "* MYRIGHTS x lr\r\n");
});
