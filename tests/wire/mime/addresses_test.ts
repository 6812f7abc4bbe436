/** Address lists (RFC 5322 section 3.4, obsolete forms of section 4.4, and what is no address). */
import assert from "node:assert/strict";
import { parseAddressList } from "../../../src/wire/mime/mod.ts";

type Row = readonly [name: string | null, mailbox: string | null, host: string | null, route?: string];

const END: Row = [null, null, null];

const table: readonly (readonly [text: string, ...expected: Row[]])[] = [
  ["alice@example.com", [null, "alice", "example.com"]],
  ["<alice@example.com>", [null, "alice", "example.com"]],
  ["Alice <alice@example.com>", ["Alice", "alice", "example.com"]],
  ["Alice B. Charles <a@b>, c@d", ["Alice B. Charles", "a", "b"], [null, "c", "d"]],
  ['"Charles, Alice" <a@b>', ["Charles, Alice", "a", "b"]],
  ['"A \\"B\\" \\\\ C" <a@b>', ['A "B" \\ C', "a", "b"]],
  ['"One" two   "three"<a@b>', ["One two three", "a", "b"]],
  ["=?utf-8?Q?J=C3=B6rg?= <j@b>", ["=?utf-8?Q?J=C3=B6rg?=", "j", "b"]],
  ['"john doe"@example.com', [null, "john doe", "example.com"]],
  ['<"john@doe"@example.com>', [null, "john@doe", "example.com"]],
  ["a@[192.0.2.1], b@[IPv6:2001:db8::1]", [null, "a", "[192.0.2.1]"], [null, "b", "[IPv6:2001:db8::1]"]],
  ["jörg@exämple.de", [null, "jörg", "exämple.de"]],
  // Comments, nested ones too, and the old way to give a name.
  ["alice@example.com (Alice (the first))", ["Alice (the first)", "alice", "example.com"]],
  ["(c) Alice (d) <a@b> (e)", ["Alice", "a", "b"]],
  ["<a@b> (Alice)", ["Alice", "a", "b"]],
  ["a(one)@(two)b(three).(four)c", ["four", "a", "b.c"]],
  ["a . b @ c . d", [null, "a.b", "c.d"]],
  // Groups (section 3.4).
  ["Team: a@b, C <c@d>;", [null, "Team", null], [null, "a", "b"], ["C", "c", "d"], END],
  ["undisclosed-recipients:;", [null, "undisclosed-recipients", null], END],
  ['"The Team" : a@b; , c@d', [null, "The Team", null], [null, "a", "b"], END, [null, "c", "d"]],
  ["Team: a@b", [null, "Team", null], [null, "a", "b"], END],
  // Routes (section 4.4).
  ["<@x.org,@y.org:a@b>", [null, "a", "b", "@x.org,@y.org"]],
  ["A <@x.org: a@b>", ["A", "a", "b", "@x.org"]],
  ["<@x.org>", [null, "", "x.org"]],
  // Empty elements.
  ["", ...[]],
  [" , ,, ", ...[]],
  ["(nothing but a comment)", ...[]],
  ["a@b,,c@d,", [null, "a", "b"], [null, "c", "d"]],
  ["a@b; c@d", [null, "a", "b"], [null, "c", "d"]],
  // What has no domain, or no local part.
  ["root", [null, "root", ""]],
  ["Some Body", [null, "Some Body", ""]],
  ["Nobody <>", ["Nobody", "", ""]],
  ["<alice>", [null, "alice", ""]],
  ["@example.com", [null, "", "example.com"]],
  ["alice@", [null, "alice", ""]],
  // Garbage that is common.
  ["alice@example.com <real@example.net>", ["alice@example.com", "real", "example.net"]],
  ["Alice alice@example.com", ["Alice", "alice", "example.com"]],
  ["<<a@b>>", [null, "a", "b"]],
  ["<a@b", [null, "a", "b"]],
  ["A <a@b, C <c@d>", ["A", "a", "b"], ["C", "c", "d"]],
  ["'a@b'", [null, "'a", "b'"]],
  ['"a@b"', [null, "a", "b"]],
  ['"Open <a@b>', ["Open", "a", "b"]],
  ["Open (comment <a@b>", ["Open comment", "a", "b"]],
  ["a@b@c", [null, "a@b", "c"]],
  ["a>b", [null, "ab", ""]],
  ["<mailto:a@b>", [null, "mailto:a", "b"]],
  ["a@[unclosed", [null, "a", "[unclosed"]],
];

for (const [text, ...expected] of table) {
  Deno.test(`addresses: ${text}`, () => {
    const rows = parseAddressList(text).map(({ name, mailbox, host, route }): Row =>
      route === null ? [name, mailbox, host] : [name, mailbox, host, route]
    );
    assert.deepEqual(rows, expected);
  });
}

Deno.test("addresses: no more than the limit, and a group is always closed", () => {
  assert.equal(parseAddressList("a@b,".repeat(100), 10).length, 10);
  assert.deepEqual(parseAddressList("G: a@b, c@d;", 2).map((address) => address.mailbox), ["G", "a", null]);
});
