import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeLatin1, encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  appendLiteralIsStreamed,
  type AppendStep,
  decodeAppend,
  decodeAuthenticate,
  decodeCreate,
  decodeFetch,
  decodeGetMetadata,
  decodeId,
  decodeList,
  decodeLogin,
  decodeLsub,
  decodeMailboxAndIdentifier,
  decodeOneMailbox,
  Decoder,
  decodeSearch,
  decodeSetAcl,
  decodeSetMetadata,
  decodeSetQuota,
  decodeStatus,
  decodeStore,
  MAX_NESTING,
  readMessages,
} from "../../../src/wire/imap/mod.ts";
import { decoderOf } from "./support.ts";

function rejects(action: () => unknown): void {
  assert.throws(action, ProtocolError);
}

Deno.test("Decoder reads words, numbers and strings, and says where it failed", () => {
  const decoder = decoderOf('a1 LOGIN "a \\"b\\\\" {3}\r\nx\ry 42 nil');
  assert.equal(decoder.expectTag(), "a1");
  decoder.expectSpace();
  assert.equal(decoder.expectKeyword(), "LOGIN");
  decoder.expectSpace();
  assert.equal(decodeLatin1(decoder.expectString()), 'a "b\\');
  decoder.expectSpace();
  assert.equal(decodeLatin1(decoder.expectAstring()), "x\ry");
  decoder.expectSpace();
  assert.equal(decoder.tryAstring() && null, null);
  assert.throws(() => decoder.expectNumber(), /Expected a number at byte 4 after literal 1/);
  decoder.expectSpace();
  assert.equal(decoder.expectNstring(), null);
  decoder.expectEnd();
});

Deno.test("Decoder refuses broken strings", () => {
  for (const text of ['"open', '"a\\n"', '"a\\', '"a\rb"', '"a\0b"', "", "(", "{5}x"]) {
    rejects(() => decoderOf(text).expectAstring());
  }
});

Deno.test("a try that fails moves nothing", () => {
  const decoder = decoderOf("(x)");
  assert.equal(decoder.tryAtom(), null);
  assert.equal(decoder.tryString(), null);
  assert.equal(decoder.tryNumber(), null);
  assert.equal(decoder.tryKeyword("NIL"), false);
  assert.equal(decoder.trySpace(), false);
  decoder.expectList(() => assert.equal(decoder.expectAtom(), "x"));
  decoder.expectEnd();
});

Deno.test("tryKeyword takes whole words only", () => {
  assert.equal(decoderOf("NILS").tryKeyword("NIL"), false);
  assert.equal(decoderOf("nil)").tryKeyword("NIL"), true);
});

Deno.test("numbers have 32 bits", () => {
  assert.equal(decoderOf("4294967295").expectNumber(), 4294967295);
  rejects(() => decoderOf("4294967296").expectNumber());
  rejects(() => decoderOf("0").expectNonZero());
});

const FETCH_CASES: readonly [string, unknown][] = [
  [" 1 ALL", ["flags", "internaldate", "size", "envelope"]],
  [" 1 fast", ["flags", "internaldate", "size"]],
  [" 1 FULL", ["flags", "internaldate", "size", "envelope", "structure"]],
  [" 1 (FLAGS UID)", ["flags", "uid"]],
  [" 1 BODY", ["structure"]],
  [" 1 RFC822.SIZE", ["size"]],
];
Deno.test("FETCH: macros and plain items", () => {
  for (const [text, kinds] of FETCH_CASES) {
    assert.deepEqual(decodeFetch(decoderOf(text)).items.map((item) => item.kind), kinds, text);
  }
});

function section(path: number[], text: string, more: Record<string, unknown> = {}) {
  return { path, text, fields: [], partial: null, ...more };
}

Deno.test("FETCH: sections (RFC 3501 section 6.4.5)", () => {
  const cases: [string, unknown, boolean][] = [
    ["BODY[]", section([], ""), false],
    ["BODY.PEEK[]<0.100>", section([], "", { partial: { start: 0, length: 100 } }), true],
    ["body[header]", section([], "HEADER"), false],
    ["BODY[1.2.MIME]", section([1, 2], "MIME"), false],
    ["BODY[3]", section([3], ""), false],
    ["BODY.PEEK[TEXT]", section([], "TEXT"), true],
    [
      'BODY[1.2.HEADER.FIELDS (From "X-Y" {2}\r\nTo)]<5.7>',
      section([1, 2], "HEADER.FIELDS", { fields: ["From", "X-Y", "To"], partial: { start: 5, length: 7 } }),
      false,
    ],
    ["BODY.PEEK[HEADER.FIELDS.NOT (a)]", section([], "HEADER.FIELDS.NOT", { fields: ["a"] }), true],
  ];
  for (const [text, expected, peek] of cases) {
    const [item] = decodeFetch(decoderOf(` 1 ${text}`)).items;
    assert.deepEqual(item, { kind: "section", section: expected, peek, label: null }, text);
  }
});

Deno.test("commands with mistakes are refused", () => {
  const cases: [(decoder: Decoder) => unknown, string[]][] = [
    [decodeFetch, [
      "",
      " 1",
      " 0 FLAGS",
      " 1 ()",
      " 1 (ALL)",
      " 1 (FLAGS",
      " 1 NONSENSE",
      " 1 FLAGS x",
      " 1 BODY[",
      " 1 BODY[MIME]",
      " 1 BODY[0]",
      " 1 BODY[1.]",
      " 1 BODY[HEADER.FIELDS]",
      " 1 BODY[HEADER.FIELDS ()]",
      " 1 BODY[]<0>",
      " 1 BODY[]<0.0>",
      " 1 BODY[]<1.2",
      " 1 BODY[1.TEXT.1]",
      " 1 BODYX[]",
      " 1 RFC822[]",
      " 1: FLAGS",
      " 1,,2 FLAGS",
      ` 1 (${"FLAGS ".repeat(300)}FLAGS)`,
      ` 1 BODY[${"1.".repeat(300)}1]`,
    ]],
    [decodeStore, [
      " 1 FLAGS",
      " 1 FLAGS ",
      " 1 *FLAGS (\\Seen)",
      " 1 FLAGS (\\Recent)",
      " 1 FLAGS (\\Foo)",
      " 1 FLAGS (()",
    ]],
    [decodeSearch, [
      "",
      " ",
      " NOT",
      " OR SEEN",
      " (SEEN",
      " SEEN)",
      " ()",
      " HEADER x",
      " SINCE 31-Feb-2020",
      " SINCE yesterday",
      " LARGER x",
      " KEYWORD \\Seen",
      " UNFOO",
      ` ${"NOT ".repeat(MAX_NESTING + 1)}SEEN`,
      ` ${"(".repeat(MAX_NESTING + 1)}SEEN${")".repeat(MAX_NESTING + 1)}`,
      ` ${"OR ".repeat(MAX_NESTING + 1)}`,
      ` ${"SEEN ".repeat(1001)}SEEN`,
    ]],
    [decodeStatus, [" INBOX", " INBOX ()", " INBOX (FOO)", " INBOX MESSAGES"]],
    [decodeList, [" a", ' "" ', ' "" * x']],
    [decodeLsub, [" a", ' "" ', ' "" * x', ' "" (a)']],
    [decodeId, ["", " ()x", ' ("a")', " foo", ` ("${"n".repeat(31)}" "x")`, ` ("x" "${"n".repeat(1025)}")`]],
    [decodeLogin, ["", " a", " a b c"]],
    [decodeAuthenticate, ["", " PLAIN a b", " PLAIN "]],
    [decodeAppend, ["", "INBOX", " "]],
    [readAppend, [
      " INBOX",
      ' INBOX "1-Foo-2020 00:00:00 +0000" ',
      " INBOX (\\Seen)",
      ' INBOX (\\Seen)"x" ',
      " INBOX CATENATE",
      " INBOX CATENATE ()",
      " INBOX CATENATE (URL)",
      " INBOX CATENATE (URL a",
      " INBOX CATENATE (URL a) x",
      " INBOX CATENATE (FILE a)",
      " INBOX UTF8 ",
    ]],
    [decodeOneMailbox, ["", " a b", " &AGE-", " &", " ()"]],
  ];
  for (const [decode, texts] of cases) {
    for (const text of texts) {
      assert.throws(() => decode(decoderOf(text)), ProtocolError, `${decode.name}${text.slice(0, 60)}`);
    }
  }
});

Deno.test("text that must be UTF-8 and is not is refused", () => {
  const notUtf8 = [{ text: encodeLatin1(" FROM "), literal: encodeLatin1("\xff\xfe") }];
  rejects(() => decodeSearch(new Decoder(notUtf8)));
  rejects(() => decodeLogin(new Decoder([{ text: encodeLatin1(' alice "\xff"'), literal: null }])));
});

Deno.test("no string holds NUL, be it a literal (RFC 3501 section 9, note 3)", () => {
  const withNul = { text: encodeLatin1(" alice "), literal: encodeLatin1("se\0cret") };
  assert.throws(() => decodeLogin(new Decoder([withNul])), /A string must not hold NUL/);
  // That is what a literal8 is for.
  assert.equal(new Decoder([{ ...withNul, text: encodeLatin1(""), binary: true }]).tryLiteral8()?.length, 7);
});

Deno.test("what is said in an unknown charset is read over, byte by byte (RFC 3501 section 6.4.4)", () => {
  const koi8 = { text: encodeLatin1(" CHARSET KOI8-R SUBJECT "), literal: encodeLatin1("\xf0\xd2") };
  assert.deepEqual(decodeSearch(new Decoder([koi8])), { kind: "bad-charset", returns: null });
  rejects(() => decodeSearch(new Decoder([koi8, { text: encodeLatin1(" TEXT"), literal: null }])));
});

Deno.test("SEARCH builds terms (RFC 3501 section 6.4.4)", () => {
  const seen = { kind: "flag", flag: "\\Seen" };
  const flagged = { kind: "flag", flag: "\\Flagged" };
  const cases: [string, unknown][] = [
    ["ALL", { kind: "all" }],
    ["SEEN FLAGGED", { kind: "and", terms: [seen, flagged] }],
    ["(SEEN FLAGGED)", { kind: "and", terms: [seen, flagged] }],
    ["((SEEN))", seen],
    ["NOT (SEEN FLAGGED)", { kind: "not", term: { kind: "and", terms: [seen, flagged] } }],
    ["OR SEEN NOT FLAGGED", { kind: "or", terms: [seen, { kind: "not", term: flagged }] }],
    ["OR OR SEEN SEEN SEEN ALL", {
      kind: "and",
      terms: [{ kind: "or", terms: [{ kind: "or", terms: [seen, seen] }, seen] }, { kind: "all" }],
    }],
    ["unseen", { kind: "not", term: seen }],
    ["NEW", { kind: "and", terms: [{ kind: "recent" }, { kind: "not", term: seen }] }],
    ["OLD", { kind: "not", term: { kind: "recent" } }],
    ["1:3,*", { kind: "sequence", set: [[1, 3], [2 ** 32, 2 ** 32]] }],
    ["UID 5", { kind: "uid", set: [[5, 5]] }],
    ["KEYWORD $Junk", { kind: "flag", flag: "$Junk" }],
    ["UNKEYWORD $Junk", { kind: "not", term: { kind: "flag", flag: "$Junk" } }],
    ["SINCE 1-Jan-1970", { kind: "internalDate", test: "since", day: 0 }],
    ['SENTBEFORE "2-Jan-1970"', { kind: "sentDate", test: "before", day: 1 }],
    ["SENTON 3-jan-1970", { kind: "sentDate", test: "on", day: 2 }],
    ["LARGER 10", { kind: "larger", bytes: 10 }],
    ["SMALLER 10", { kind: "smaller", bytes: 10 }],
    ['SUBJECT "Hi"', { kind: "header", field: "subject", text: "Hi" }],
    ['HEADER X-Foo ""', { kind: "header", field: "x-foo", text: "" }],
    ["BODY {3}\r\na b", { kind: "body", text: "a b" }],
    ['TEXT "é"', { kind: "text", text: "é" }],
    ["CHARSET UTF-8 TEXT {2}\r\né", { kind: "text", text: "é" }],
    ["CHARSET us-ascii TEXT x", { kind: "text", text: "x" }],
  ];
  for (const [text, term] of cases) {
    const namesCharset = text.startsWith("CHARSET");
    const expected = { kind: "search", returns: null, namesCharset, term };
    assert.deepEqual(decodeSearch(decoderOf(` ${text}`)), expected, text);
  }
  assert.deepEqual(decodeSearch(decoderOf(" CHARSET KOI8-R TEXT {2}\r\nxx")), {
    kind: "bad-charset",
    returns: null,
  });
});

Deno.test("SEARCH at the deepest nesting that is allowed", () => {
  const text = ` ${"(".repeat(MAX_NESTING)}SEEN${")".repeat(MAX_NESTING)}`;
  assert.equal(decodeSearch(decoderOf(text)).kind, "search");
});

Deno.test("STORE, with and without parentheses", () => {
  assert.deepEqual(decodeStore(decoderOf(" 2:4 +flags.silent (\\deleted $x)")), {
    set: [[2, 4]],
    change: "add",
    silent: true,
    flags: ["\\Deleted", "$x"],
    unchangedSince: null,
  });
  assert.deepEqual(decodeStore(decoderOf(" 1 -FLAGS \\Seen x")).flags, ["\\Seen", "x"]);
  assert.deepEqual(decodeStore(decoderOf(" 1 FLAGS ()")).flags, []);
});

/** All steps of an APPEND in which no literal is announced. */
function readAppend(decoder: Decoder): AppendStep[] {
  const { rest: args } = decodeAppend(decoder);
  const line = { args, literal: null };
  const steps: AppendStep[] = [];
  const reading = readMessages(line, { one: false });
  for (let step = reading.next(line); !step.done; step = reading.next(line)) steps.push(step.value);
  return steps;
}

Deno.test("APPEND, up to its message", () => {
  const { mailbox, rest } = decodeAppend(decoderOf(' {5}\r\nINBOX (\\Seen) " 1-Jan-1970 00:00:01 +0000" '));
  assert.equal(mailbox, "INBOX");
  const header = { size: 9, synchronizing: true, binary: true };
  const steps = readMessages({ args: rest, literal: header }, { one: false });
  assert.deepEqual(steps.next().value, {
    kind: "message",
    isAssembled: false,
    flags: ["\\Seen"],
    internalDate: 1000,
  });
  assert.deepEqual(steps.next().value, { kind: "text", header });
  // RFC 3502: another message follows, put together from parts (RFC 4469).
  const more = { args: decoderOf(" catenate (url /INBOX/;UID=1 TEXT "), literal: header };
  assert.deepEqual(steps.next(more).value, {
    kind: "message",
    isAssembled: true,
    flags: [],
    internalDate: null,
  });
  assert.deepEqual(steps.next(more).value, { kind: "url", url: encodeUtf8("/INBOX/;UID=1") });
  assert.deepEqual(steps.next(more).value, { kind: "text", header });
  assert.deepEqual(steps.next({ args: decoderOf(" UTF8 ("), literal: header }).value, {
    kind: "text",
    header,
  });
  assert.deepEqual(steps.next({ args: decoderOf(") URL "), literal: header }).value, {
    kind: "url-literal",
    header,
  });
  assert.equal(steps.next({ args: decoderOf(")"), literal: null }).done, true);
  assert.equal(appendLiteralIsStreamed(decoderOf(" ")), false);
  assert.equal(appendLiteralIsStreamed(decoderOf(" INBOX ")), true);
});

Deno.test("ID, LOGIN, AUTHENTICATE, STATUS, LIST", () => {
  assert.deepEqual([...decodeId(decoderOf(' ("Name" "mutt" "version" NIL)'))], [["name", "mutt"]]);
  assert.equal(decodeId(decoderOf(" NIL")).size, 0);
  assert.deepEqual(decodeLogin(decoderOf(' alice "p w é"')), { user: "alice", password: "p w é" });
  assert.deepEqual(decodeAuthenticate(decoderOf(" plain AGE=")), { mechanism: "PLAIN", initial: "AGE=" });
  assert.deepEqual(decodeAuthenticate(decoderOf(" PLAIN")), { mechanism: "PLAIN", initial: null });
  assert.deepEqual(decodeStatus(decoderOf(" &AOk- (UNSEEN MESSAGES UNSEEN)")), {
    mailbox: "é",
    items: ["UNSEEN", "MESSAGES"],
  });
  assert.deepEqual(decodeLsub(decoderOf(' "a/" %b*')), { reference: "a/", pattern: "%b*" });
});

const DECODERS = [
  appendLiteralIsStreamed,
  readAppend,
  decodeAuthenticate,
  decodeFetch,
  decodeId,
  decodeCreate,
  decodeGetMetadata,
  decodeList,
  decodeLogin,
  decodeLsub,
  decodeMailboxAndIdentifier,
  decodeOneMailbox,
  decodeSearch,
  decodeSetAcl,
  decodeSetMetadata,
  decodeSetQuota,
  decodeStatus,
  decodeStore,
];

/** Bytes that look somewhat like commands, so that the decoders get beyond their first character. */
const commandLike = fc.array(
  fc.oneof(
    fc.constantFrom(" ", "(", ")", '"', "[", "]", "<", ">", "*", "%", "&", "\\Seen", ".", ",", ":", "0", "1"),
    fc.constantFrom("NOT", "OR", "BODY", "HEADER.FIELDS", "FLAGS", "+FLAGS", "INBOX", "SEEN", "UID", "NIL"),
    fc.string({ maxLength: 4 }),
  ),
  { maxLength: 40 },
).map((words) => encodeLatin1(` 1 ${words.join("")}`));

Deno.test("no bytes make a decoder throw anything but ProtocolError", () => {
  const segment = fc.record({
    text: fc.oneof(commandLike, fc.uint8Array({ maxLength: 60 })),
    literal: fc.option(fc.uint8Array({ maxLength: 20 })),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
      for (const decode of DECODERS) {
        try {
          decode(new Decoder(segments));
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("between quotes is UTF-8, or nothing above ASCII, once the client has said so (RFC 9755 section 3)", () => {
  const decode = (bytes: readonly number[], utf8: boolean) =>
    new Decoder([{ text: Uint8Array.from([0x22, ...bytes, 0x22]), literal: null }], { utf8 }).expectString();
  assert.deepEqual(decode([0xc3, 0xa9], true), Uint8Array.of(0xc3, 0xa9));
  for (const bytes of [[0xe9], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    assert.throws(() => decode(bytes, true), ProtocolError);
    assert.deepEqual(decode(bytes, false), Uint8Array.from(bytes));
  }
});

Deno.test("a partial fetch may be of 63 bits (RFC 9051 section 9 `partial`)", () => {
  const items = (text: string) => decodeFetch(decoderOf(` 1 BODY.PEEK[]<${text}>`)).items;
  const [item] = items("4294967296.9223372036854775807");
  assert.ok(item?.kind === "section");
  assert.deepEqual(item.section.partial, { start: 4294967296, length: Number.MAX_SAFE_INTEGER });
  for (const wrong of ["0", "0.0", ".1", "0.", "-1.1", "0.9223372036854775808", "0.1.2"]) {
    assert.throws(() => items(wrong), ProtocolError, wrong);
  }
});

Deno.test("a number of a message or a part does not begin with 0 (RFC 9051 section 9 `nz-number`)", () => {
  for (
    const text of [
      " 01 FLAGS",
      " 1:02 FLAGS",
      " 0 FLAGS",
      " 1 BODY[01]",
      " 1 BODY[1.0]",
      " 1 BODY[1.02.MIME]",
    ]
  ) {
    assert.throws(() => decodeFetch(decoderOf(text)), ProtocolError, text);
  }
  // Others may (`number`): a partial fetch from the beginning.
  assert.equal(decodeFetch(decoderOf(" 10 BODY[10.20]<00.1>")).items.length, 1);
});
