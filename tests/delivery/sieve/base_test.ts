/** RFC 5228: control, actions, tests, comparators, and the extensions that only add a tag or two. */
import assert from "node:assert/strict";
import { compileSieve, SIEVE_EXTENSIONS } from "../../../src/delivery/sieve/mod.ts";
import { outcome } from "./support.ts";

const MESSAGE = `Received: from there by here; Sun, 22 Nov 2026 12:30:00 +0000
From: "Coyote, the" <coyote@desert.example.org>
To: roadrunner@acme.example.com, Friends: pig@farm.example.net, cow@FARM.example.net;
Subject: =?utf-8?Q?I_have_a_pr=C3=A9sent?= for you
X-Priority: 3
X-Empty:

Boom.
`;

/** Scripts that either keep as they are or stop at `discard`. */
const TESTS: readonly (readonly [section: string, test: string, holds: boolean])[] = [
  ["5.1 localpart", 'address :localpart "from" "coyote"', true],
  ["5.1 domain", 'address :domain :is "from" "desert.example.org"', true],
  ["5.1 all, without case", 'address :is "FROM" "COYOTE@desert.example.org"', true],
  ["5.1 display names do not count", 'address :contains "from" "the"', false],
  ["5.1 in groups too", 'address :is "to" "cow@farm.example.net"', true],
  ["5.1 several names and keys", 'address ["cc", "to"] ["nobody@x", "pig@farm.example.net"]', true],
  ["5.2 allof", "allof (true, true)", true],
  ["5.2 allof, one not", "allof (true, false)", false],
  ["5.3 anyof", "anyof (false, true)", true],
  ["5.3 anyof, none", "anyof (false, false)", false],
  ["5.4 envelope", 'envelope :all "from" "bob@example.org"', true],
  ["5.4 envelope to", 'envelope :domain "To" "example.com"', true],
  ["5.5 exists", 'exists ["From", "x-priority"]', true],
  ["5.5 exists, one not", 'exists ["From", "Date"]', false],
  ["5.7 header :is", 'header "x-priority" "3"', true],
  ["5.7 decoded words", 'header :is "subject" "I have a présent for you"', true],
  ["5.7 an empty field", 'header :is "x-empty" ""', true],
  ["5.7 a missing field is not empty", 'header :contains "x-none" ""', false],
  ["5.7 :contains of nothing is there", 'header :contains "subject" ""', true],
  ["5.8 not", "not false", true],
  ["5.9 over", "size :over 10", true],
  ["5.9 under", "size :under 10", false],
  ["5.9 K", "size :under 100K", true],
  ["2.7.1 :matches", 'header :matches "subject" "*have*for ?ou"', true],
  ["2.7.1 :matches is of the whole", 'header :matches "subject" "have"', false],
  ["2.7.1 a wildcard that is meant", 'header :matches "subject" "I\\\\*"', false],
  ["2.7.3 i;octet", 'header :comparator "i;octet" :contains "subject" "HAVE"', false],
  ["2.7.3 i;ascii-casemap leaves é alone", 'header :contains "subject" "PRÉSENT"', false],
  ["2.7.3 i;unicode-casemap", 'header :comparator "i;unicode-casemap" :contains "subject" "PRÉSENT"', true],
  ["2.7.3 i;ascii-numeric", 'header :comparator "i;ascii-numeric" :is "x-priority" "003"', true],
  ["RFC 5231 :count", 'header :count "ge" :comparator "i;ascii-numeric" "received" ["1"]', true],
  ["RFC 5231 :count of addresses", 'address :count "eq" "to" "3"', true],
  ["RFC 5231 :value", 'header :value "lt" :comparator "i;ascii-numeric" "x-priority" "12"', true],
  ["RFC 5231 :value by letters", 'header :value "lt" "x-priority" "12"', false],
  ["RFC 5233 :user", 'envelope :user "to" "alice"', true],
  ["RFC 5233 :detail", 'envelope :detail "to" "work"', true],
  ["RFC 5233 no detail", 'address :detail "from" ""', false],
  ["2.4.2.4 hex", 'header :contains "from" "coyote${hex: 40}"', true],
  ["2.4.2.4 unicode", 'header :contains "subject" "pr${unicode: e9}sent"', true],
  ["2.4.2.4 not well formed", 'header :contains "subject" "${hex: zz}"', false],
  ["regex", 'header :regex "subject" "^i have (a|the) pr.sent for [[:alpha:]]+$"', true],
  ["regex of nothing", 'header :regex "subject" "^have"', false],
];

const ALL = `require [${
  SIEVE_EXTENSIONS.filter((name) => name !== "ihave" && name !== "variables").map((name) => `"${name}"`).join(
    ", ",
  )
}];`;

for (const [title, test, holds] of TESTS) {
  Deno.test(`sieve: ${title}`, async () => {
    assert.equal(await outcome(`${ALL} if ${test} { discard; }`, MESSAGE), holds ? "nothing" : "keep");
  });
}

const ACTIONS: readonly (readonly [title: string, script: string, result: string])[] = [
  ["an empty script keeps (2.10.2)", "", "keep"],
  ["keep", "keep;", "keep"],
  ["keep twice is once (2.10.3)", "keep; keep;", "keep"],
  ["discard", "discard;", "nothing"],
  ["discard does not take back a keep (4.4)", "keep; discard;", "keep"],
  ["fileinto", 'require "fileinto"; fileinto "Work";', "fileinto Work"],
  ["fileinto and keep", 'require "fileinto"; fileinto "Work"; keep;', "fileinto Work, keep"],
  [
    "fileinto :copy (RFC 3894)",
    'require ["fileinto", "copy"]; fileinto :copy "Work";',
    "fileinto Work, keep",
  ],
  ["redirect", 'redirect "x@example.net";', "redirect x@example.net"],
  ["redirect :copy", 'require "copy"; redirect :copy "x@example.net";', "redirect x@example.net, keep"],
  ["redirect twice is once", 'redirect "x@example.net"; redirect "x@example.net";', "redirect x@example.net"],
  ["stop", "stop; discard;", "keep"],
  ["elsif", "if false { keep; } elsif true { discard; } else { keep; }", "nothing"],
  ["else", "if false { } elsif false { } else { discard; }", "nothing"],
  [
    "flags (RFC 5232)",
    'require ["imap4flags", "fileinto"]; fileinto :flags "\\\\Seen $Work" "a"; ',
    "fileinto a (\\Seen $Work)",
  ],
];

for (const [title, script, result] of ACTIONS) {
  Deno.test(`sieve: ${title}`, async () => assert.equal(await outcome(script, MESSAGE), result));
}

const WRONG: readonly (readonly [script: string, message: RegExp])[] = [
  ['fileinto "x";', /Line 1, column 1: fileinto needs require "fileinto"/],
  ["frobnicate;", /There is no command "frobnicate"/],
  ["if frob { }", /There is no test "frob"/],
  ['keep; require "fileinto";', /require must stand at the start/],
  ['require "no-such";', /does not have the extension "no-such"/],
  ['redirect "not an address";', /This is no mail address/],
  ["else { }", /else must stand behind an if/],
  ["if true { } else { } else { }", /else must stand behind an if/],
  ["if true;", /if needs a block/],
  ["keep { }", /keep takes no block/],
  ["keep 3;", /keep takes no more arguments/],
  ["keep :often;", /keep has no tag :often/],
  ["if true true { }", /true takes no test/],
  ["if not (true) { }", /not needs one test/],
  ["if anyof true { }", /anyof needs tests in parentheses/],
  ['if header :is :contains "a" "b" { }', /more than one match type/],
  ['if header :comparator "i;klingon" "a" "b" { }', /There is no such comparator/],
  [
    'require "comparator-i;ascii-numeric"; if header :comparator "i;ascii-numeric" :contains "a" "b" { }',
    /cannot be used/,
  ],
  ['if header :count "gt" "a" "1" { }', /:count needs require "relational"/],
  ['require "relational"; if header :count "xx" "a" "1" { }', /:count takes/],
  ['if true { require "fileinto"; }', /require must stand at the start/],
  ['require "copy"; redirect "x@example.net" :copy;', /Line 1, column 42: :copy must stand before/],
  ['require ["ihave", "moonshot"];', /does not have the extension "moonshot"/],
  ['if address "subject" "x" { }', /The field subject holds no addresses/],
  ["if size 10 { }", /size needs either :over or :under/],
  ['if size :over "10" { }', /size needs a number of bytes/],
  ['require "envelope"; if envelope "cc" "x" { }', /The envelope has/],
  [
    'require "regex"; if header :regex "a" "(" { }',
    /Line 1, column 39: The regular expression has a \( without/,
  ],
];

for (const [script, message] of WRONG) {
  Deno.test(`sieve: ${script} is refused`, () => assert.throws(() => compileSieve(script), message));
}

Deno.test("sieve: regular expressions that are small one by one are bounded together", () => {
  const keys = Array.from({ length: 5000 }, (_, i) => `"(a{255}){9}${i}"`).join(", ");
  assert.throws(
    () => compileSieve(`require "regex"; if header :regex "x" [${keys}] { discard; }`),
    /regular expressions of the script are too large together/,
  );
});

Deno.test("sieve: a script past its budget keeps the message and says so", async () => {
  const script = 'redirect "a@x.org"; redirect "b@x.org"; redirect "c@x.org";';
  assert.match(
    await outcome(script, MESSAGE, { limits: { redirects: 2 } }),
    /^error: Line 1, column 41: The script redirects to more than 2 addresses$/,
  );
  assert.match(await outcome("keep;".repeat(50), MESSAGE, { limits: { steps: 40 } }), /more than 40 steps/);
});
