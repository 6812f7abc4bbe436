/** Transfer encodings (RFC 2045 section 6), charsets, and text that comes in pieces. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeContent, decodeText, decodeTextStream } from "../../../src/wire/mime/mod.ts";
import { bytes } from "./support.ts";

const contents: readonly (readonly [encoding: string, text: string, expected: string])[] = [
  ["7bit", "as =41 is", "as =41 is"],
  ["x-unknown", "as is\r\n", "as is\r\n"],
  ["base64", "SGVsbG8=", "Hello"],
  ["base64", "SGVs\r\nbG8", "Hello"],
  ["BASE64", "S!G V*s-b_G8=\n", "Hello"],
  ["base64", "SGk=SGk=", "HiHi"],
  ["base64", "SA==", "H"],
  ["base64", "SGV", "He"],
  ["base64", "S", ""],
  ["base64", "====", ""],
  ["quoted-printable", "a=3Db", "a=b"],
  ["Quoted-Printable", "=c3=BC", "\xc3\xbc"],
  ["quoted-printable", "soft=\r\nbreak", "softbreak"],
  ["quoted-printable", "soft=\nbreak", "softbreak"],
  ["quoted-printable", "soft= \t\r\nbreak", "softbreak"],
  ["quoted-printable", "blank \t\r\nat the end  ", "blank\r\nat the end"],
  ["quoted-printable", "kept=20\r\nkept =\r\nkept", "kept \r\nkept kept"],
  ["quoted-printable", "bad =ZZ =4Z =4", "bad =ZZ =4Z =4"],
  ["quoted-printable", "==41", "=A"],
  ["quoted-printable", "= x", "= x"],
  ["quoted-printable", "end=", "end"],
];

for (const [encoding, text, expected] of contents) {
  Deno.test(`content: ${encoding} ${JSON.stringify(text)}`, () => {
    assert.deepEqual([...decodeContent(bytes(text), encoding)], [...bytes(expected)]);
  });
}

const texts: readonly (readonly [charset: string | null, raw: string, expected: string])[] = [
  ["utf-8", "\xc3\xbc", "ü"],
  ["utf-8", "\xfc", "\ufffd"],
  [" UTF8 ", "\xe2\x82\xac", "€"],
  ["iso-8859-1", "\xfc", "ü"],
  ["iso-8859-15", "\xa4", "€"],
  ["windows-1252", "\x80", "€"],
  ["shift_jis", "\x93\xfa\x96\x7b", "日本"],
  ["big5", "\xa7\x41", "你"],
  ["gb18030", "\xc4\xe3", "你"],
  ["euc-kr", "\xc7\xd1", "한"],
  ["utf-16le", "a\0b\0", "ab"],
  // Only iconv-lite knows these.
  ["cp437", "\x81", "ü"],
  ["cp850", "\x81", "ü"],
  ["utf-32le", "\xfc\0\0\0", "ü"],
  ["tis-620", "\xa1", "ก"],
  // Said nothing, or something nobody knows: UTF-8 if it is that.
  [null, "\xc3\xbc", "ü"],
  [null, "\xfc", "ü"],
  ["us-ascii", "\xc3\xbc", "ü"],
  ["us-ascii", "\xfc", "ü"],
  ["no-such-charset", "\xc3\xbc", "ü"],
  ["iso-2022-kr", "plain", "plain"],
  ["base64", "hello", "hello"],
  ["__proto__", "hello", "hello"],
  ["x".repeat(10_000), "hello", "hello"],
  ["", "hello", "hello"],
];

for (const [charset, raw, expected] of texts) {
  Deno.test(`text: ${JSON.stringify(charset)?.slice(0, 40)} ${JSON.stringify(raw)}`, () => {
    assert.equal(decodeText(bytes(raw), "8bit", charset), expected);
  });
}

async function streamed(raw: Uint8Array, size: number, encoding: string, charset: string): Promise<string> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < raw.length; at += size) yield raw.slice(at, at + size);
  }
  let text = "";
  for await (const piece of decodeTextStream(pieces(), { encoding, charset })) text += piece;
  return text;
}

Deno.test("a stream of text is decoded as the whole would be, wherever it is cut", async () => {
  const rows: readonly (readonly [encoding: string, charset: string, raw: string])[] = [
    ["quoted-printable", "utf-8", "Gr=C3=BC=C3=9Fe =E2=82=AC =\r\n and more  \r\n=F0=9F=99=82 ="],
    ["base64", "utf-8", "R3LDvMOfZSDigqwg\r\n8J+Zgg=="],
    ["8bit", "shift_jis", "\x93\xfa\x96\x7b"],
    ["7bit", "iso-2022-jp", "\x1b$BF|K\\8l\x1b(B text"],
    ["8bit", "utf-32le", "a\0\0\0\xfc\0\0\0b\0\0\0"],
    ["8bit", "cp850", "a\x81b"],
    ["8bit", "us-ascii", "\xc3\xbc \xe2\x82\xac"],
    ["8bit", "no-such-charset", "K\xf6ln"],
  ];
  for (const [encoding, charset, raw] of rows) {
    const whole = decodeText(bytes(raw), encoding, charset);
    for (const size of [1, 2, 3, 5, 1000]) {
      assert.equal(
        await streamed(bytes(raw), size, encoding, charset),
        whole,
        `${encoding} ${charset} ${size}`,
      );
    }
  }
});

Deno.test("a stream of any bytes is decoded as the whole would be", async () => {
  const scraps = fc.array(
    fc.constantFrom("=", "=4", "1", " ", "\t", "\r", "\n", "A", "/", "\xc3", "\xbc", " ".repeat(1023)),
  );
  await fc.assert(
    fc.asyncProperty(
      scraps,
      fc.constantFrom("base64", "quoted-printable", "8bit"),
      fc.integer({ min: 1, max: 9 }),
      async (scraps, encoding, size) => {
        const raw = bytes(scraps.join(""));
        assert.equal(await streamed(raw, size, encoding, "utf-8"), decodeText(raw, encoding, "utf-8"));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a stream holds no more than a piece", async () => {
  let asked = 0;
  function* endless(): Generator<Uint8Array> {
    for (;;) {
      asked++;
      yield bytes("SGVsbG8h");
    }
  }
  for await (const text of decodeTextStream(endless(), { encoding: "base64", charset: null })) {
    assert.equal(text, "Hello!");
    if (asked === 3) break;
  }
  assert.equal(asked, 3);
});
