/** Sieve over the parts of a message: RFC 5703. */
import assert from "node:assert/strict";
import { decodeUtf8 } from "../../../src/core/bytes.ts";
import { compileSieve, type MessageVersion, SIEVE_EXTENSIONS } from "../../../src/delivery/sieve/mod.ts";
import { parseMessage } from "../../../src/wire/mime/mod.ts";
import { makeInput, outcome, run } from "./support.ts";

const MESSAGE = `From: Bob <bob@example.org>
Subject: Parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=i

--i
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--i
Content-Type: text/html; charset="utf-8"

<b>x</b>
--i--
--o
Content-Type: application/x-msdownload; name="run.exe"
Content-Disposition: attachment; filename=run.exe

MZ
--o
Content-Type: message/rfc822

From: inner@example.net
Subject: Inside

inner body
--o--
`;

const ALL = `require [${
  SIEVE_EXTENSIONS.filter((name) => name !== "ihave").map((name) => `"${name}"`).join(", ")
}];`;

const ROWS: readonly (readonly [title: string, script: string, result: string])[] = [
  [
    "3: every part in its order",
    'set "all" ""; foreverypart { if header :mime :contenttype :matches "content-type" "*" { set "all" "${all} ${1}"; } ' +
    'else { set "all" "${all} -"; } } fileinto "${all}";',
    "fileinto  multipart/mixed multipart/alternative text/plain text/html application/x-msdownload message/rfc822 -",
  ],
  [
    "3: a loop in a loop sees what is within",
    'set "n" ""; foreverypart { if header :mime :subtype "content-type" "alternative" { foreverypart { set "n" "${n}x"; } } } ' +
    'fileinto "n${n}";',
    "fileinto nxx",
  ],
  ["3.2: break", 'set "n" ""; foreverypart { set "n" "${n}x"; break; } fileinto "n${n}";', "fileinto nx"],
  [
    "3.2: break of the outer loop",
    'set "n" ""; foreverypart :name "out" { foreverypart { set "n" "${n}x"; break :name "out"; } } fileinto "n${n}";',
    "fileinto nx",
  ],
  ["4.1: :anychild", 'if header :mime :anychild :type "content-type" "application" { discard; }', "nothing"],
  [
    "4.1: without :anychild only the top",
    'if header :mime :type "content-type" "application" { discard; }',
    "keep",
  ],
  [
    "4.1: :param",
    'if header :mime :anychild :param ["filename", "name"] :matches ["content-type", "content-disposition"] "*.exe" { discard; }',
    "nothing",
  ],
  ["4.2: address", 'if address :mime :anychild :domain "from" "example.net" { discard; }', "nothing"],
  ["4.3: exists", 'if exists :mime :anychild "content-disposition" { discard; }', "nothing"],
  ["4.3: exists, of the message alone", 'if exists "content-disposition" { discard; }', "keep"],
  [
    "7: extracttext",
    'foreverypart { if header :mime :contenttype "content-type" "text/plain" { extracttext :upper "t"; break; } } fileinto "${t}";',
    "fileinto GRüßE",
  ],
  [
    "7: only so many characters",
    'foreverypart { if header :mime :contenttype "content-type" "text/plain" { extracttext :first 2 "t"; break; } } fileinto "${t}";',
    "fileinto Gr",
  ],
];

for (const [title, script, result] of ROWS) {
  Deno.test(`sieve, RFC 5703 ${title}`, async () =>
    assert.equal(await outcome(ALL + script, MESSAGE), result));
}

async function edited(script: string): Promise<{ text: string; version: MessageVersion }> {
  const { actions, error } = await run(ALL + script, MESSAGE);
  assert.equal(error, null);
  const [keep] = actions;
  assert.ok(keep?.kind === "keep");
  const input = makeInput(MESSAGE).message;
  const { bodyStart } = input.digest.structure;
  const header = keep.message.header ?? await input.read(0, bodyStart);
  const body = keep.message.body ?? await input.read(bodyStart, input.size);
  return { text: decodeUtf8(header) + decodeUtf8(body), version: keep.message };
}

Deno.test("sieve, RFC 5703 section 5: a part is replaced, and nothing else changes by a byte", async () => {
  const { text } = await edited(
    'foreverypart { if header :mime :param "filename" :matches "content-disposition" "*.exe" { replace "A program was here."; } }',
  );
  const original = MESSAGE.replaceAll("\n", "\r\n");
  const [before, after] = ["Content-Type: application/x-msdownload", "--o\r\nContent-Type: message/rfc822"];
  assert.ok(text.startsWith(original.slice(0, original.indexOf(before))));
  assert.ok(text.endsWith(original.slice(original.indexOf(after))));
  assert.ok(!text.includes("MZ"));
  const { structure } = parseMessage(new TextEncoder().encode(text));
  assert.deepEqual(structure.children.map(({ type, subtype }) => `${type}/${subtype}`), [
    "multipart/alternative",
    "text/plain",
    "message/rfc822",
  ]);
});

Deno.test("sieve, RFC 5703 section 5: the whole body is replaced, and the subject kept to be seen", async () => {
  const { text } = await edited('replace :subject "Cleaned" :from "filter@example.com" "Nothing left.";');
  const digest = parseMessage(new TextEncoder().encode(text));
  assert.equal(digest.envelope.subject, "Cleaned");
  assert.equal(digest.envelope.from[0]?.mailbox, "filter");
  assert.match(text, /^Original-Subject: Parts\r$/m);
  assert.match(text, /^Original-From: Bob <bob@example\.org>\r$/m);
  assert.equal(`${digest.structure.type}/${digest.structure.subtype}`, "text/plain");
  assert.ok(text.endsWith("\r\n\r\nNothing left."));
});

Deno.test("sieve, RFC 5703 section 5: a replacement with its own header", async () => {
  const { text } = await edited(
    "replace :mime text:\nContent-Type: text/html\nX-Other: no\n\n<p>hi</p>\n.\n;",
  );
  const { structure } = parseMessage(new TextEncoder().encode(text));
  assert.equal(structure.subtype, "html");
  assert.ok(!text.includes("X-Other"));
});

Deno.test("sieve, RFC 5703 section 5: what was within a replaced part is gone, and the next loop sees what is there", async () => {
  const { text } = await edited(
    `foreverypart {
       if header :mime :type "content-type" "multipart" { if header :mime :subtype "content-type" "alternative" {
         replace "Nothing to choose.";
         foreverypart { replace "In a loop in a part that is no more."; }
       } }
       if header :mime :subtype "content-type" "html" { replace "Part of a part that is no more."; }
     }
     set "types" "";
     foreverypart { if header :mime :contenttype :matches "content-type" "*" { set "types" "\${types} \${1}"; } }
     addheader "X-Types" "\${types}";`,
  );
  assert.ok(text.includes("Nothing to choose.") && !text.includes("no more"), text);
  assert.match(text, /^X-Types: multipart\/mixed text\/plain application\/x-msdownload message\/rfc822\r$/m);
});

Deno.test("sieve, RFC 5703 section 5: the whole replaced in a loop ends the loop, and tests see the new text", async () => {
  const { text } = await edited(
    `foreverypart { replace "Grüße, all new."; }
     if body :text :contains "all new" { addheader "X-Seen" "yes"; }`,
  );
  assert.match(text, /^X-Seen: yes\r$/m);
  const { structure } = parseMessage(new TextEncoder().encode(text));
  assert.deepEqual([structure.type, structure.encoding, structure.children.length], ["text", "base64", 0]);
});

Deno.test("sieve, RFC 5703 section 5: what it was before it was replaced stays to be seen", async () => {
  const { text } = await edited(
    'replace :subject "Cleaned" "x"; deleteheader "Original-Subject"; addheader "Original-From" "forged@x.example";',
  );
  assert.match(text, /^Original-Subject: Parts\r$/m);
  assert.ok(!text.includes("forged"));
});

Deno.test("sieve, RFC 5703 section 6: enclosed twice, each in the one after it", async () => {
  const { text } = await edited('enclose :subject "One" "a"; enclose :subject "Two" "b";');
  const digest = parseMessage(new TextEncoder().encode(text));
  assert.equal(digest.envelope.subject, "Two");
  const [, inside] = digest.structure.children;
  assert.equal(inside?.message?.envelope.subject, "One");
  assert.equal(inside?.message?.part.children[1]?.message?.envelope.subject, "Parts");
});

Deno.test("sieve, RFC 5703 section 6: the message is enclosed whole", async () => {
  const { text } = await edited(
    'addheader "X-Flag" "yes"; enclose :subject "Beware" :headers ["x-flag", "x-none"] "Look out.";',
  );
  const digest = parseMessage(new TextEncoder().encode(text));
  assert.equal(digest.envelope.subject, "Beware");
  assert.match(text, /^X-Flag: yes\r$/m);
  const [note, inside] = digest.structure.children;
  assert.equal(note?.subtype, "plain");
  assert.ok(inside?.message !== null && inside !== undefined);
  assert.equal(inside.message.envelope.subject, "Parts");
  assert.ok(text.includes(MESSAGE.replaceAll("\n", "\r\n")));
  // It is the owner's now, and made now.
  assert.equal(digest.envelope.from[0]?.mailbox, "alice");
  assert.match(text, /^Date: Sun, 22 Nov 2026 12:30:15 \+0000\r$/m);
});

for (
  const [script, message] of [
    ["break;", /break stands in no loop/],
    ['foreverypart { break :name "x"; }', /There is no loop "x"/],
    ['extracttext "t";', /must stand in foreverypart/],
    ['if header :anychild "a" "b" { }', /need :mime/],
    ['if header :mime :type :subtype "a" "b" { }', /Only one of/],
    ["foreverypart;", /needs a block/],
  ] as const
) {
  Deno.test(`sieve: ${script} is refused`, () => assert.throws(() => compileSieve(ALL + script), message));
}

Deno.test("sieve: loops in loops over many parts end at the budget", async () => {
  const parts = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(300);
  const message = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`;
  const nested = "foreverypart { if true { ".repeat(4) + "keep;" + " } }".repeat(4);
  assert.match(
    await outcome(
      `${ALL} foreverypart { if not false { ${"if true {".repeat(5)} ${'set "a" "b";'.repeat(100)} ${
        "}".repeat(5)
      } } } ${nested}`,
      message,
      { limits: { steps: 5000 } },
    ),
    /more than 5000 steps/,
  );
});
