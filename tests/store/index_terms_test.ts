import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { foldText } from "../../src/store/search_text.ts";
import { IdSet } from "../../src/store/sqlite/index/id_set.ts";
import { gramQuery, wordQuery, wordTerms } from "../../src/store/sqlite/index/terms.ts";
import { readTexts } from "../../src/store/sqlite/index/texts.ts";
import { parseMessage } from "../../src/wire/mime/mod.ts";

const CASES: readonly (readonly [needle: string, grams: string | null, word: string | null])[] = [
  ["", null, null],
  ["AB", null, null],
  ["ABC", '"ABC"', '"bABC"*'],
  ["ABCD", '"ABC" "BCD"', '"bABCD"*'],
  ["A B", '"A B"', null],
  ['A"B', '"A""B"', null],
  ["日本語", '"日本語"', '"b日本語"*'],
  // Letters are code points, as SQLite counts them.
  ["𠀀𠀁𠀂", '"𠀀𠀁𠀂"', '"b𠀀𠀁𠀂"*'],
  ["A".repeat(5), '"AAA"', '"bAAAAA"*'],
  ["A".repeat(25), '"AAA"', null],
  // What cannot stand in the index as it is cannot be asked for.
  ["AB\0C", null, null],
  ["AB\ufffdC", null, null],
  ["ABC\ud800", null, null],
];

Deno.test("index terms: what is asked for a text", () => {
  for (const [needle, grams, word] of CASES) {
    assert.equal(gramQuery(needle), grams, JSON.stringify(needle));
    assert.equal(wordQuery("b", needle), word, JSON.stringify(needle));
  }
  assert.ok(gramQuery("ABCDEFGHIJ".repeat(500))!.length < 300, "A long text asks for a few groups only");
});

Deno.test("index terms: words once each, without ids and keys", () => {
  assert.equal(
    wordTerms("h", "TO: BOB, BOB AND 20260102T0304Z IN AB ROOM101 ÉTÉ"),
    "hBOB hAND hROOM101 hÉTÉ ",
  );
});

Deno.test("index terms: a text within a text is always found by its groups of letters", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(
    "CREATE VIRTUAL TABLE g USING fts5(t, content='', detail=none, tokenize='trigram case_sensitive 1')",
  );
  const insert = db.prepare("INSERT INTO g (rowid, t) VALUES (?, ?)");
  const find = db.prepare("SELECT rowid FROM g WHERE g MATCH ? AND rowid = ?");
  let id = 0;
  const text = fc.string({ unit: "binary", minLength: 3, maxLength: 60 });
  fc.assert(
    fc.property(text, fc.nat(), fc.nat(), (raw, a, b) => {
      const folded = foldText(raw);
      const letters = Array.from(folded);
      const [from, to] = [a % letters.length, b % letters.length].sort((x, y) => x - y) as [number, number];
      const query = gramQuery(letters.slice(from, to + 1).join(""));
      if (query === null) return;
      insert.run(++id, folded.replaceAll("\0", "\ufffd").toWellFormed());
      assert.ok(find.all(query, id).length > 0, JSON.stringify(query));
    }),
    { numRuns: 500 },
  );
  db.close();
});

function textsOf(message: string, limit = 10_000) {
  const bytes = new TextEncoder().encode(message.replaceAll("\n", "\r\n"));
  const source = { read: (start: number, end: number) => bytes.subarray(start, end) };
  return readTexts(source, parseMessage(bytes).structure, limit);
}

Deno.test("index texts: headers of all parts, decoded, and all texts", () => {
  const texts = textsOf(
    `From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>
To: a@example.org
To: b@example.org
Subject: Stra\u00dfe
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--x
Content-Type: message/rfc822

Subject: inner
From: inside@example.org

inner text
--x
Content-Type: application/octet-stream; name=photo.bin

not text
--x--
`,
  );
  assert.equal(texts.complete, true);
  assert.deepEqual(texts.fields, {
    from: foldText("Jörg <joerg@example.org>"),
    to: "A@EXAMPLE.ORG\nB@EXAMPLE.ORG",
    cc: null,
    bcc: null,
    subject: "STRASSE",
  });
  for (const part of ["SUBJECT: INNER", "PHOTO.BIN", "SUBJECT: STRASSE"]) {
    assert.ok(texts.head.includes(part), part);
  }
  assert.ok(texts.body.includes(foldText("Grüße")));
  assert.ok(texts.body.includes("INNER TEXT"));
  assert.ok(!texts.body.includes("NOT TEXT"));
});

Deno.test("index texts: what is too long says so", () => {
  const long = textsOf(`Subject: x\n\n${"word ".repeat(1000)}`, 1000);
  assert.equal(long.complete, false);
  assert.equal(textsOf(`Subject: ${"x".repeat(5000)}\n\nhi\n`, 1000).complete, false);
  assert.equal(textsOf(`To: ${"a@b.example, ".repeat(6000)}\n\nhi\n`, 1_000_000).complete, false);
});

Deno.test("index: sets of ids", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000)), fc.array(fc.nat(5000)), (a, b) => {
      const set = IdSet.of(a);
      set.addAll(IdSet.of(b));
      const all = new Set([...a, ...b]);
      for (let id = 0; id <= 5001; id++) assert.equal(set.has(id), all.has(id));
    }),
    { numRuns: 30 },
  );
  assert.equal(new IdSet().has(2 ** 31), false);
});
