import assert from "node:assert/strict";
import { directoryFindings } from "../../src/app/cli/check_directory.ts";
import { parseConfig } from "../../src/app/config/mod.ts";

const FILE = "/etc/mailden/mailden.yaml";
const parse = (text: string) => parseConfig(`hostname: mx.example.com\n${text}`, FILE);

/** Accounts, aliases and so on of example.com, each with what is wrong with it. */
const MISTAKES: readonly (readonly [string, RegExp])[] = [
  ["accounts: { a: { forward: [b] } }", /accounts\.a\.forward\[0\]: Found "b", expected an account or alias/],
  [
    "accounts: { a: { forward: [a] } }",
    /accounts\.a\.forward: forward of a@example\.com goes round in a circle/,
  ],
  [
    "accounts: { a: { forward: ['x y@z.example'] } }",
    /forward\[0\]: Found "x y@z\.example", expected a name/,
  ],
  ["accounts: { a: { keep_copy: maybe } }", /keep_copy: Found "maybe", expected true or false/],
  ["accounts: { a: }\n    catch_all: { to: b }", /catch_all\.to: Found "b", expected an account or alias/],
  ["accounts: { a: }\n    catch_all: { to: [a, b] }", /catch_all\.to\[1\]: Found "b"/],
  [
    "accounts: { a: }\n    catch_all: { except: [b] }",
    /catch_all: Found a section, expected a name of this domain/,
  ],
  ["accounts: { a: }\n    catch_all: { to: a, but: [b] }", /catch_all: Found a section, expected/],
  ["same_as: example.org", /same_as: Found "example\.org", expected another domain configured here/],
  ["plus_separator: ab", /plus_separator: Found "ab", expected one character of/],
  [
    "plus_separator: ''\ndelivery: { quota_warnings: [0] }",
    /quota_warnings: Found a list, expected a list of/,
  ],
  [
    "accounts: {}\ndelivery: { spam_fields: [X-Spam] }",
    /spam_fields: Found a list, expected .* header fields/,
  ],
  [
    "same_as: other.example\n    plus_separator: '-'\n  other.example: {}",
    /same_as: same_as of example\.com: it has the names of other\.example, with its plus_separator/,
  ],
  [
    "accounts: { a: }\n    aliases: { i: ['b+x'] }",
    /aliases\.i\[0\]: Found "b\+x", expected an account or alias/,
  ],
];

for (const [text, message] of MISTAKES) {
  Deno.test(`config: refused, with its place: ${text.replaceAll(/\s+/g, " ")}`, () => {
    assert.throws(() => parse(`domains:\n  example.com:\n    ${text}\n`), message);
  });
}

const GOOD = `
delivery:
  { plus_separator: "-", srs: false, srs_days: 7, quota_warnings: [], duplicate_window: 0s,
    spam_fields: ["X-Spam-Status: Yes, *"], strangers_dsn: false }
domains:
  example.com:
    accounts:
      alice: { forward: [bob, "x@example.org"], keep_copy: true }
      bob: { forward: [alice-copy] }
    aliases: { info: [alice-Info, "bob@example.net"] }
    catch_all: { to: [alice, info], except: [old, "bo*"] }
    plus_separator: "="
  example.net: { same_as: example.com }
  plain.example: { accounts: { al: }, catch_all: al, plus_separator: null }
`;

Deno.test("config: delivery, forwards and shared names are read", () => {
  const { delivery, directory } = parse(GOOD.replaceAll("alice-", "alice="));
  assert.deepEqual(delivery, {
    srs: false,
    srsDays: 7,
    quotaWarnings: [],
    duplicateWindowMs: 0,
    spamFields: [{ name: "x-spam-status", value: "yes,*" }],
    strangersDsn: false,
  });
  assert.equal(directory.plusSeparator, "-");
  const { "example.com": com, "example.net": net, "plain.example": plain } = directory.domains;
  assert.deepEqual(com!.accounts["alice"], {
    aliases: [],
    forward: ["bob", "x@example.org"],
    keepCopy: true,
  });
  assert.deepEqual(com!.catchAll, { to: ["alice", "info"], except: ["old", "bo*"] });
  assert.equal(net!.sameAs, "example.com");
  assert.deepEqual([com!.plusSeparator, net!.plusSeparator, plain!.plusSeparator], ["=", undefined, null]);
});

Deno.test("check: what is allowed and hardly meant is a warning", () => {
  const findings = (text: string) =>
    directoryFindings(parse(text)).map(({ severity, message }) => `${severity}: ${message}`);
  assert.deepEqual(findings(GOOD.replaceAll("alice-", "alice=")), [
    "warning: forward of alice@example.com: bob@example.com forwards back to it; each gets a letter once",
    "warning: forward of bob@example.com: alice@example.com forwards back to it; each gets a letter once",
    'warning: catch_all of example.com: "bo*" fits bob, which gets its mail all the same',
  ]);
  assert.deepEqual(
    findings(
      "domains: { a.example: { accounts: { x: { forward: [x, me, y], keep_copy: true }, y: }, aliases: { me: [x] } } }",
    ),
    [
      "warning: forward of x@a.example: x@a.example is the account itself; take it out and use keep_copy",
      "warning: forward of x@a.example: me@a.example is an alias that leads to it; take it out and use keep_copy",
    ],
  );
  assert.deepEqual(findings("domains: { a.example: { accounts: { x: { forward: [y@b.example] } } } }"), []);
});
