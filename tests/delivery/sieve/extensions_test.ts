/** Extensions of Sieve, each with its RFC section; most rows are the RFC's own examples. */
import assert from "node:assert/strict";
import { compileSieve } from "../../../src/delivery/sieve/mod.ts";
import { decodeUtf8 } from "../../../src/core/bytes.ts";
import { outcome, run, type RunOptions } from "./support.ts";

const MESSAGE = `Received: from a by b; Sun, 22 Nov 2026 13:30:00 +0100
Received: from c by a; Sat, 21 Nov 2026 08:00:00 -0500
Return-Path: <bob@example.org>
From: Bob <bob@example.org>
To: alice@example.com
Subject: [acme-users] [fwd] version 1.0 is out
Date: Sun, 22 Nov 2026 12:25:00 +0100
Message-ID: <1@example.org>
X-Twice: first
X-Twice: second
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

preamble words
--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe from the text
--b
Content-Type: text/html

<p>Some <b>bold</b> html</p>
--b
Content-Type: application/pdf
Content-Transfer-Encoding: base64

c2VjcmV0IHBkZg==
--b--
`;

type Row = readonly [title: string, script: string, result: string, options?: RunOptions];

const ROWS: readonly Row[] = [
  // ---- Variables (RFC 5229) ----
  [
    "5229 3: a variable in a string",
    'require ["variables", "fileinto"]; set "dir" "Work"; fileinto "${dir}/${nothing}x";',
    "fileinto Work/x",
  ],
  [
    "5229 3: names without case",
    'require ["variables", "fileinto"]; set "Dir" "Work"; fileinto "${dIR}";',
    "fileinto Work",
  ],
  [
    "5229 3: what is no reference stays",
    'require ["variables", "fileinto"]; fileinto "a${b c}${}$";',
    "fileinto a${b c}${}$",
  ],
  [
    "5229 3.2: match variables",
    'require ["variables", "fileinto"]; if header :matches "subject" "[acme-users] [fwd] *" { fileinto "got ${1}"; }',
    "fileinto got version 1.0 is out",
  ],
  [
    "5229 4.0: modifiers in their order",
    'require ["variables", "fileinto"]; set :upperfirst :lower "b" "jUMBlED lETteRS"; fileinto "${b}";',
    "fileinto Jumbled letters",
  ],
  [
    "5229 4.1.4: length",
    'require ["variables", "fileinto"]; set :length "b" "Grüße 📬"; fileinto "${b}";',
    "fileinto 7",
  ],
  [
    "5229 4.1.3: quotewildcard",
    'require ["variables", "fileinto"]; set :quotewildcard "b" "Rock* a?"; fileinto "${b}";',
    "fileinto Rock\\* a\\?",
  ],
  [
    "5229 5: string",
    'require "variables"; set "s" " ${0} "; if string :is "${s}" "  " { discard; }',
    "nothing",
  ],
  [
    "5229 6: a value too long is cut",
    'require ["variables", "fileinto"]; set "a" "12345"; fileinto "${a}";',
    "fileinto 123",
    {
      limits: { variableLength: 3 },
    },
  ],
  [
    "5229 6: variables that double do not grow for ever",
    `require ["variables", "fileinto"]; set "a" "0123456789"; ${'set "a" "${a}${a}";'.repeat(40)} ` +
    'set :length "n" "${a}"; fileinto "${n}";',
    "fileinto 8000",
  ],
  // ---- Flags (RFC 5232) ----
  ["5232 3.1: setflag", 'require "imap4flags"; setflag "\\\\Deleted"; keep;', "keep (\\Deleted)"],
  [
    "5232 3.2: addflag",
    'require "imap4flags"; addflag "flag1"; addflag ["\\\\Flagged", "FLAG1 x"]; ',
    "keep (flag1 \\Flagged x)",
  ],
  ["5232 3.3: removeflag", 'require "imap4flags"; setflag "a b c"; removeflag "B"; keep;', "keep (a c)"],
  [
    "5232 3: a variable for flags",
    'require ["imap4flags", "variables", "fileinto"]; addflag "myvar" "a b"; fileinto :flags "${myvar}" "x";',
    "fileinto x (a b)",
  ],
  ["5232 4: hasflag", 'require "imap4flags"; setflag "A B"; if hasflag ["b", "c"] { discard; }', "nothing"],
  [
    "5232 4: hasflag :count",
    'require ["imap4flags", "relational", "comparator-i;ascii-numeric"]; setflag "A B"; ' +
    'if hasflag :count "ge" :comparator "i;ascii-numeric" "2" { discard; }',
    "nothing",
  ],
  ["5232 2: no flag is passed over", 'require "imap4flags"; setflag "\\\\Odd (x) ok"; keep;', "keep (ok)"],
  // ---- Reject (RFC 5429) ----
  ["5429 2.1: ereject", 'require "ereject"; ereject "No.";', "ereject No."],
  ["5429 2.2: reject", 'require "reject"; reject "No.";', "reject No."],
  [
    "5429 2.3: not with keep",
    'require "reject"; reject "No."; keep;',
    "error: Line 1, column 33: A message that was refused cannot be delivered or answered too",
  ],
  // ---- Vacation (RFC 5230, 6131) ----
  [
    "5230: an answer keeps the message too",
    'require "vacation"; vacation :days 2 "Away";',
    "vacation Away, keep",
  ],
  ["6131: seconds", 'require "vacation-seconds"; vacation :seconds 0 "Away";', "vacation Away, keep"],
  [
    "5230 4.7: only once",
    'require "vacation"; vacation "a"; vacation :handle "x" "b";',
    "error: Line 1, column 35: A script can answer with vacation only once",
  ],
  // ---- Dates (RFC 5260) ----
  [
    "5260 4.2: weekday",
    'require ["date", "relational"]; if currentdate :value "eq" "weekday" "0" { discard; }',
    "nothing",
  ],
  [
    "5260 4.2: iso8601 in a zone",
    'require "date"; if currentdate :zone "+0130" "iso8601" "2026-11-22T14:00:15+01:30" { discard; }',
    "nothing",
  ],
  ["5260 4.2: julian", 'require "date"; if currentdate "julian" "61366" { discard; }', "nothing"],
  [
    "5260 4.2: std11",
    'require "date"; if currentdate "std11" "Sun, 22 Nov 2026 12:30:15 +0000" { discard; }',
    "nothing",
  ],
  [
    "5260 4: date of Received, original zone",
    'require "date"; if date :originalzone "received" "hour" "13" { discard; }',
    "nothing",
  ],
  ["5260 4: date in our zone", 'require "date"; if date "date" "time" "11:25:00" { discard; }', "nothing"],
  [
    "5260 4: no date matches nothing",
    'require "date"; if date :matches "x-twice" "date" "*" { discard; }',
    "keep",
  ],
  [
    "5260 6: index",
    'require ["date", "index"]; if date :index 2 :originalzone "received" "date" "2026-11-21" { discard; }',
    "nothing",
  ],
  ["5260 6: last", 'require "index"; if header :index 1 :last "x-twice" "second" { discard; }', "nothing"],
  ["5260 6: beyond", 'require "index"; if header :index 3 :contains "x-twice" "" { discard; }', "keep"],
  // ---- Body (RFC 5173) ----
  ["5173 5.1: raw", 'require "body"; if body :raw :contains "Gr=FC=DFe" { discard; }', "nothing"],
  [
    "5173 5.2: content, decoded",
    'require "body"; if body :content "text" :contains "Grüße" { discard; }',
    "nothing",
  ],
  [
    "5173 5.2: content of a type",
    'require "body"; if body :content "application/pdf" :contains "secret pdf" { discard; }',
    "nothing",
  ],
  [
    "5173 5.2: the text around the parts",
    'require "body"; if body :content "multipart" :contains "preamble" { discard; }',
    "nothing",
  ],
  ["5173 5.2: no such type", 'require "body"; if body :content "image" :contains "" { discard; }', "keep"],
  [
    "5173 5.3: text, without tags",
    'require "body"; if body :text :contains "Some bold html" { discard; }',
    "nothing",
  ],
  [
    "5173: what lies beyond the limit is not seen",
    'require "body"; if body :raw :contains "html" { discard; }',
    "keep",
    {
      limits: { bodyBytes: 100 },
    },
  ],
  // ---- Environment (RFC 5183), spam and virus (RFC 5235) ----
  ["5183: an item", 'require "environment"; if environment :is "location" "MDA" { discard; }', "nothing", {
    input: { environment: new Map([["location", "MDA"]]) },
  }],
  ["5183: an unknown item", 'require "environment"; if environment :contains "moon" "" { discard; }', "keep"],
  ["5235: nobody looked", 'require "spamtest"; if spamtest "0" { discard; }', "nothing"],
  [
    "5235: a score",
    'require ["spamtest", "relational", "comparator-i;ascii-numeric"]; ' +
    'if spamtest :value "ge" :comparator "i;ascii-numeric" "6" { discard; }',
    "nothing",
    { input: { spamPercent: 70 } },
  ],
  [
    "5235: percent",
    'require ["spamtestplus", "relational", "comparator-i;ascii-numeric"]; ' +
    'if spamtest :percent :value "eq" :comparator "i;ascii-numeric" "37" { discard; }',
    "nothing",
    { input: { spamPercent: 37 } },
  ],
  ["5235: virus", 'require "virustest"; if virustest "5" { discard; }', "nothing", {
    input: { virusLevel: 5 },
  }],
  // ---- Mailboxes (RFC 5490, 8579, 9042) ----
  [
    "5490 3.1: mailboxexists",
    'require "mailbox"; if mailboxexists ["Work", "INBOX"] { discard; }',
    "nothing",
  ],
  ["5490 3.1: one is missing", 'require "mailbox"; if mailboxexists ["Work", "Play"] { discard; }', "keep"],
  [
    "8579 3: specialuse_exists",
    'require "special-use"; if specialuse_exists "\\\\Junk" { discard; }',
    "nothing",
  ],
  [
    "8579 3: of that mailbox",
    'require "special-use"; if specialuse_exists "Work" "\\\\Junk" { discard; }',
    "keep",
  ],
  ["9042 4: mailboxidexists", 'require "mailboxid"; if mailboxidexists "F1" { discard; }', "nothing"],
  // ---- Duplicates (RFC 7352) ----
  ["7352: the first", 'require "duplicate"; if duplicate { discard; }', 'note ["","<1@example.org>"], keep'],
  ["7352 3: seen", 'require "duplicate"; if duplicate { discard; }', "nothing", {
    input: { duplicates: { seen: () => Promise.resolve(true) } },
  }],
  [
    "7352 3: seen, and its time begins anew",
    'require "duplicate"; if duplicate :last { discard; }',
    'note ["","<1@example.org>"]',
    { input: { duplicates: { seen: () => Promise.resolve(true) } } },
  ],
  ["7352 3: no time at all", 'require "duplicate"; if duplicate :seconds 0 { discard; }', "keep", {
    input: { duplicates: { seen: () => Promise.resolve(true) } },
  }],
  [
    "7352: by header and handle",
    'require "duplicate"; if duplicate :header "X-Twice" :handle "h" { discard; }',
    'note ["h","first"], keep',
  ],
  // ---- ihave (RFC 5463) ----
  ["5463 4: what is there", 'require "ihave"; if ihave "fileinto" { fileinto "x"; }', "fileinto x"],
  [
    "5463 4: what is not",
    'require "ihave"; if ihave "moonshot" { moonshot "x"; } else { discard; }',
    "nothing",
  ],
  ["5463 5: error", 'require "ihave"; error "Sorry";', "error: Line 1, column 18: Sorry"],
  [
    "5463 4: used without asking",
    'require "ihave"; moonshot;',
    'error: Line 1, column 18: There is no command "moonshot"',
  ],
  // ---- Notify (RFC 5435) ----
  [
    "5435: notify",
    'require "enotify"; notify :message "new" "mailto:x@example.net";',
    "notify mailto:x@example.net, keep",
  ],
  [
    "5435 4: valid_notify_method",
    'require "enotify"; if valid_notify_method ["mailto:a@b.example", "tel:1"] { discard; }',
    "keep",
  ],
  [
    "5435 6: encodeurl",
    'require ["enotify", "variables", "fileinto"]; set :encodeurl "a" "x y&ü"; fileinto "${a}";',
    "fileinto x%20y%26%C3%BC",
  ],
  // ---- Lists (RFC 6134) ----
  [
    "6134 2.2: :list",
    'require "extlists"; if address :list "from" ":addrbook:default" { discard; }',
    "nothing",
    {
      input: {
        lists: {
          isKnown: () => true,
          members: () => Promise.resolve(null),
          contains: (list, value) =>
            Promise.resolve(list === ":addrbook:default" && value === "bob@example.org"),
        },
      },
    },
  ],
  // ---- Include (RFC 6609) ----
  ["6609 3.2: include", 'require "include"; include "other"; keep;', "keep", {
    input: { scripts: { find: () => Promise.resolve(compileSieve('require "include"; return; discard;')) } },
  }],
  [
    "6609 3.4: global variables",
    'require ["include", "variables", "fileinto"]; global "x"; set "x" "a"; set "y" "local"; include "o"; fileinto "${x}${y}";',
    "fileinto ablocal",
    {
      input: {
        scripts: {
          find: () =>
            Promise.resolve(
              compileSieve(
                'require ["include", "variables"]; global "x"; set "x" "${x}b"; set "y" "not seen"; set "global.z" "1";',
              ),
            ),
        },
      },
    },
  ],
  [
    "6609 3.2: missing",
    'require "include"; include "none";',
    'error: Line 1, column 20: There is no personal script "none" to include',
  ],
  ["6609 3.2: optional", 'require "include"; include :optional "none"; discard;', "nothing"],
  [
    "6609 3.2: a script that includes itself",
    'require "include"; include "self";',
    'error: Line 1, column 20: The personal script "self" would include itself',
    {
      input: { scripts: { find: () => Promise.resolve(compileSieve('require "include"; include "self";')) } },
    },
  ],
];

for (const [title, script, result, options] of ROWS) {
  Deno.test(`sieve, RFC ${title}`, async () =>
    assert.equal(await outcome(script, MESSAGE, options ?? {}), result));
}

Deno.test("sieve, RFC 5293: fields are added and deleted, and all others stay byte for byte", async () => {
  const script = `require ["editheader", "fileinto"];
    addheader "X-First" "Grüße";
    addheader :last "X-Last" "end";
    deleteheader :index 1 "x-twice";
    deleteheader :contains "Subject" "acme";
    deleteheader "Received";
    if header "x-first" "Grüße" { fileinto "changed"; }
    deleteheader "X-Last";`;
  const { actions, error } = await run(script, MESSAGE);
  assert.equal(error, null);
  const [changed] = actions;
  assert.ok(changed?.kind === "fileinto" && changed.message.header !== null);
  const original = MESSAGE.slice(0, MESSAGE.indexOf("\n\n") + 1).split("\n").slice(0, -1);
  const expected = [
    "X-First: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=",
    ...original.filter((line) => !/^Subject|^X-Twice: first/.test(line)),
    "X-Last: end",
  ];
  // Section 6: what tells where a message has been cannot be deleted.
  const written = decodeUtf8(changed.message.header).split("\r\n").slice(0, -2);
  assert.deepEqual(written.slice(1), expected.slice(1));
  assert.match(written[0]!, /^X-First: =\?utf-8\?[bq]\?.*\?=$/i);
});

Deno.test("sieve, RFC 5230: what an answer is made of", async () => {
  const script =
    'require ["vacation", "fcc", "mailbox"]; vacation :days 400 :subject "Off" :from "A <a@example.com>" ' +
    ':addresses ["x@example.com"] :mime :handle "h" :fcc "Sent" :create "text";';
  const { actions } = await run(script, MESSAGE);
  assert.deepEqual(actions[0], {
    kind: "vacation",
    period: 90 * 86400,
    subject: "Off",
    from: "A <a@example.com>",
    addresses: ["x@example.com"],
    isMime: true,
    reason: "text",
    handle: "handle:h",
    copy: { mailbox: "Sent", create: true, flags: [], specialUse: null, mailboxId: null },
    header: null,
  });
});

const WRONG: readonly (readonly [script: string, message: RegExp])[] = [
  ['require "variables"; set "1" "x";', /no name of a variable/],
  ['require "variables"; set :lower :upper "a" "x";', /cannot stand together/],
  ['require "variables"; set "a" "${env.x}";', /no namespace "env"/],
  ['require "variables"; set "a" "${100}";', /at most \$\{99\}/],
  ['require "date"; if currentdate "fortnight" "1" { }', /A date has year, month/],
  ['require "date"; if currentdate :zone "CET" "hour" "1" { }', /written like "\+0100"/],
  ['require "index"; if header :last "a" "b" { }', /:last needs :index/],
  ['require "body"; if body :raw :text "x" { }', /more than one of/],
  ['require "vacation"; vacation :from "nobody" "x";', /:from needs a mail address/],
  ['require "vacation"; vacation :seconds 5 "x";', /needs require "vacation-seconds"/],
  ['require "enotify"; notify "mailto:nobody";', /no mailto: URI/],
  ['require "enotify"; notify :from "nobody" "mailto:a@b.example";', /:from needs a mail address/],
  ['require "editheader"; addheader "a b" "x";', /no name of a header field/],
  ['require "encoded-character"; redirect "${unicode: 110000}@x";', /is no character/],
  ['require "fileinto"; fileinto "";', /no name of a mailbox/],
];

for (const [script, message] of WRONG) {
  Deno.test(`sieve: ${script} is refused`, () => assert.throws(() => compileSieve(script), message));
}
