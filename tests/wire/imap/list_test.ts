import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  decodeCreate,
  decodeList,
  decodeStatusItems,
  encodeListEntry,
  ListPatterns,
} from "../../../src/wire/imap/mod.ts";
import { decoderOf, encoded } from "./support.ts";

Deno.test("LIST as RFC 3501 section 6.3.8 has it", () => {
  const args = decodeList(decoderOf(' "a/" %'));
  assert.equal(args.isExtended, false);
  assert.deepEqual([args.reference, args.patterns], ["a/", ["%"]]);
  assert.deepEqual([...args.selections], []);
  assert.deepEqual(args.returns, { subscribed: false, myRights: false, status: null, metadata: null });
});

Deno.test("LIST with options (RFC 5258 section 6, RFC 5819, RFC 6154, RFC 8440, RFC 9590)", () => {
  const args = decodeList(decoderOf(
    ' (SUBSCRIBED recursiveMatch REMOTE SPECIAL-USE) "" ("a*" b%) RETURN (CHILDREN SPECIAL-USE SUBSCRIBED MYRIGHTS ' +
      'STATUS (MESSAGES SIZE) METADATA ("/Shared/Comment" /private/x))',
  ));
  assert.equal(args.isExtended, true);
  assert.deepEqual([...args.selections], ["SUBSCRIBED", "RECURSIVEMATCH", "REMOTE", "SPECIAL-USE"]);
  assert.deepEqual(args.patterns, ["a*", "b%"]);
  assert.deepEqual(args.returns, {
    subscribed: true,
    myRights: true,
    status: ["MESSAGES", "SIZE"],
    metadata: ["/shared/comment", "/private/x"],
  });
});

Deno.test("each part alone makes LIST an extended one", () => {
  for (const text of [' () "" *', ' "" (*)', ' "" * RETURN ()']) {
    assert.equal(decodeList(decoderOf(text)).isExtended, true, text);
  }
});

Deno.test("LIST with mistakes", () => {
  const cases = [
    ' (RECURSIVEMATCH) "" *', // RFC 5258 section 3.1
    ' (RECURSIVEMATCH REMOTE) "" *',
    ' (OTHER) "" *',
    ' "" ()',
    ' "" * RETURN',
    ' "" * RETURN (OTHER)',
    ' "" * RETURN (STATUS)',
    ' "" * RETURN (STATUS ())',
    ' "" * RETURN (STATUS (OTHER))',
    ' "" * RETURN (METADATA ())',
    ' "" * RETURN (METADATA (comment))',
    ' "" * RETURNS ()',
    ' "" (a) b',
    ' (SUBSCRIBED "" *',
  ];
  for (const text of cases) assert.throws(() => decodeList(decoderOf(text)), ProtocolError, text);
});

Deno.test("several patterns: one of them is enough", () => {
  const patterns = new ListPatterns(["a/%", "inbox", "Exact"]);
  const cases: [string, boolean][] = [
    ["a/b", true],
    ["a/b/c", false],
    ["INBOX", true],
    ["Exact", true],
    ["exact", false],
    ["", false],
  ];
  for (const [name, matches] of cases) assert.equal(patterns.matches(name), matches, name);
});

Deno.test("whether a pattern may match what begins so", () => {
  const cases: [pattern: string, prefix: string, may: boolean][] = [
    ["*", "Shared", true],
    ["%", "Shared", true],
    ["INBOX", "Shared", false],
    ["Sent%", "Shared", false],
    ["S%/x", "Shared", true],
    ["Shared/bob/INBOX", "Shared", true],
    ["%/x", "Shared/", true],
    ["Share", "Shared", false],
  ];
  for (const [pattern, prefix, may] of cases) {
    assert.equal(new ListPatterns([pattern]).mayMatchFrom(prefix), may, `${pattern} from ${prefix}`);
  }
});

Deno.test("what may not match from a prefix matches no name that begins so", () => {
  const patterns = fc.array(fc.stringMatching(/^[ab/%*]{0,6}$/), { minLength: 1, maxLength: 3 });
  const part = fc.stringMatching(/^[ab/]{0,5}$/);
  fc.assert(
    fc.property(patterns, part, part, (texts, prefix, rest) => {
      const list = new ListPatterns(texts);
      if (list.matches(prefix + rest)) assert.ok(list.mayMatchFrom(prefix), `${texts} on ${prefix}${rest}`);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("many plain names may be asked for; of many wildcards the last match nothing (RFC 5258 section 3)", () => {
  const names = Array.from({ length: 5000 }, (_, i) => String(i).padStart(4, "0"));
  assert.equal(new ListPatterns(names).matches("4999"), true);
  const wild = new ListPatterns(names.map((name) => `${name}*`));
  assert.equal(wild.matches("0000 and more"), true);
  assert.equal(wild.matches("4999 and more"), false);
});

Deno.test("a pattern that is no name in modified UTF-7 matches nothing (RFC 5258 section 3)", () => {
  for (const text of ['"" &x', '"" "&x*"', '"a/" &', '"" &AGE-']) {
    const { reference, patterns } = decodeList(decoderOf(` ${text}`));
    const [pattern] = patterns;
    for (const name of ["INBOX", "a/b", "&x", "a"]) {
      assert.equal(new ListPatterns([reference + pattern]).matches(name), false, text);
    }
  }
});

Deno.test("lines of LIST with extended items (RFC 5258 section 3.5, RFC 9051 section 6.3.9.7)", () => {
  assert.equal(
    encoded((encoder) => {
      encodeListEntry(encoder, "LIST", {
        attributes: [],
        name: "a b",
        childInfo: ["SUBSCRIBED", "SPECIAL-USE"],
      });
    }),
    '* LIST () "/" "a b" ("CHILDINFO" ("SUBSCRIBED" "SPECIAL-USE"))\r\n',
  );
  assert.equal(
    encoded((encoder) => {
      encodeListEntry(encoder, "LIST", { attributes: ["\\X"], name: "new", oldName: "old]" });
    }),
    '* LIST (\\X) "/" new ("OLDNAME" ("old]"))\r\n',
  );
});

Deno.test("CREATE with a special use (RFC 6154 section 3)", () => {
  assert.deepEqual(decodeCreate(decoderOf(" x")), { mailbox: "x", uses: [] });
  assert.deepEqual(decodeCreate(decoderOf(" x (USE (\\Sent \\SENT \\All))")), {
    mailbox: "x",
    uses: ["\\sent", "\\all"],
  });
  assert.deepEqual(decodeCreate(decoderOf(" x (use ())")), { mailbox: "x", uses: [] });
  for (
    const text of [" x USE", " x (OTHER (\\Sent))", " x (USE (Sent))", " x (USE \\Sent)", " x (USE (\\))"]
  ) {
    assert.throws(() => decodeCreate(decoderOf(text)), ProtocolError, text);
  }
});

Deno.test("items of STATUS (RFC 3501, 7162, 7889, 8438, 8474, 9051, 9208)", () => {
  const text =
    "(messages RECENT UIDNEXT UIDVALIDITY UNSEEN APPENDLIMIT DELETED DELETED-STORAGE HIGHESTMODSEQ " +
    "MAILBOXID SIZE MESSAGES)";
  assert.equal(decodeStatusItems(decoderOf(text)).length, 11);
});
