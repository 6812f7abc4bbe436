import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress } from "../../../src/core/address.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import { parseAddressLiteral, parseMailbox, parsePath } from "../../../src/wire/smtp/mod.ts";

const VALID: readonly [path: string, local: string, domain: string][] = [
  ["<a@b>", "a", "b"],
  ["<Alice.Smith@Example.COM>", "Alice.Smith", "example.com"],
  ["<!#$%&'*+-/=?^_`{|}~@example.com>", "!#$%&'*+-/=?^_`{|}~", "example.com"],
  ["<a+tag@sub-domain.example.com>", "a+tag", "sub-domain.example.com"],
  ["<_dmarc@_spf.example.com>", "_dmarc", "_spf.example.com"],
  ["<a@example.com.>", "a", "example.com"],
  ['<"a"@example.com>', "a", "example.com"],
  ['<"a b"@example.com>', "a b", "example.com"],
  ['<"a\\"b\\\\c"@example.com>', 'a"b\\c', "example.com"],
  ['<"@<>,;:"@example.com>', "@<>,;:", "example.com"],
  ['<"..a.."@example.com>', "..a..", "example.com"],
  ["<a@[192.0.2.1]>", "a", "[192.0.2.1]"],
  ["<a@[IPv6:2001:DB8:0:0::1]>", "a", "[IPv6:2001:db8::1]"],
  ["<a@[ipv6:::1]>", "a", "[IPv6:::1]"],
  // RFC 5321 appendix C: source routes.
  ["<@relay.example:a@example.com>", "a", "example.com"],
  ["<@one.example,@two.example:a@example.com>", "a", "example.com"],
  ["<@[192.0.2.1]:a@example.com>", "a", "example.com"],
  // RFC 6531.
  ["<jürgen@bücher.example>", "jürgen", "xn--bcher-kva.example"],
  ["<\u{1f600}@example.com>", "\u{1f600}", "example.com"],
  // Longer than the 64 octets that RFC 5321 section 4.5.3.1.1 asks for at least.
  [`<${"l".repeat(200)}@example.com>`, "l".repeat(200), "example.com"],
  [`<${"l".repeat(242)}@example.com>`, "l".repeat(242), "example.com"],
];

const INVALID = [
  "",
  "<",
  ">",
  "a@b",
  "<a@b",
  "a@b>",
  "<a>",
  "<@>",
  "<a@>",
  "<@b>",
  "<<a@b>>",
  "<a@b> ",
  "< a@b>",
  "<a @b>",
  "<a@ b>",
  "<a@b >",
  "<a@b@c>",
  "<.a@b>",
  "<a.@b>",
  "<a..b@c>",
  "<a,b@c>",
  "<(a)b@c>",
  "<a@b..c>",
  "<a@-b>",
  "<a@b->",
  "<a@b!c>",
  "<a@b/c>",
  '<""@b>',
  '<"a@b>',
  '<"a"b@c>',
  '<"a\\',
  '<"a\x01"@b>',
  "<a\x7fb@c>",
  "<a\tb@c>",
  "<a@[]>",
  "<a@[192.0.2]>",
  "<a@[192.0.2.256]>",
  "<a@[1.2.3.4>",
  "<a@[1.2.3.4]x>",
  "<a@[IPv6:]>",
  "<a@[IPv6:g::]>",
  "<a@[IPv6:fe80::1%eth0]>",
  "<a@[2001:db8::1]>",
  "<a@[tag:content]>",
  "<@a.example a@b>",
  "<@a.example,a@b>",
  "<@a.example,:a@b>",
  "<:a@b>",
  "<Postmaster>",
  `<${"l".repeat(243)}@example.com>`,
  `<a@${"d".repeat(64)}.example>`,
  `<${"ü".repeat(125)}@example.com>`,
  `<a@${"label.".repeat(50)}example>`,
];

Deno.test("valid paths", () => {
  for (const [path, local, domain] of VALID) assert.deepEqual(parsePath(path), { local, domain }, path);
  assert.equal(parsePath("<>"), null);
});

Deno.test("invalid paths", () => {
  for (const path of INVALID) assert.throws(() => parsePath(path), ProtocolError, path);
});

Deno.test("a mailbox is a path without brackets and source route", () => {
  assert.deepEqual(parseMailbox("Alice@EXAMPLE.com"), { local: "Alice", domain: "example.com" });
  for (const text of ["", "alice", "<a@b>", "@a:b@c", "a@b ", "a@b,c@d"]) {
    assert.throws(() => parseMailbox(text), ProtocolError, text);
  }
});

Deno.test("an address literal has one form", () => {
  assert.equal(parseAddressLiteral("[IPv6:0:0:0:0:0:0:0:1]"), parseAddressLiteral("[ipv6:::1]"));
  assert.throws(() => parseAddressLiteral("[010.1.1.1]"), ProtocolError);
  assert.throws(() => parseAddressLiteral("[127.1]"), ProtocolError);
});

Deno.test("what is formatted is parsed as the same address", () => {
  const local = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 })
    .filter((text) => !/[\x00-\x1f\x7f]/.test(text) && text.isWellFormed());
  fc.assert(fc.property(local, (local) => {
    const address = { local, domain: "example.com" };
    assert.deepEqual(parseMailbox(formatAddress(address)), address);
    assert.deepEqual(parsePath(`<${formatAddress(address)}>`), address);
  }));
});

Deno.test("any text is a path or a ProtocolError", () => {
  const piece = fc.constantFrom(
    "<",
    ">",
    "@",
    '"',
    "\\",
    "[",
    "]",
    ":",
    ",",
    ".",
    "a",
    "IPv6:",
    "1",
    "ü",
    " ",
    "\0",
  );
  fc.assert(
    fc.property(fc.array(piece).map((pieces) => pieces.join("")), (text) => {
      try {
        parsePath(text);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    { numRuns: 1000 },
  );
});
