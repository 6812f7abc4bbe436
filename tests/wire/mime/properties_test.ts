/** What holds for any bytes whatever: no error, offsets that nest, the same digest however the bytes are cut. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  baseSubject,
  decodeContent,
  decodeText,
  decodeWords,
  DigestBuilder,
  encodeWord,
  findPart,
  formatDate,
  headerFields,
  type MessageDigest,
  parseAddressList,
  parseDate,
  parseMessage,
  parseParameterized,
  selectHeader,
  textParts,
} from "../../../src/wire/mime/mod.ts";
import { allParts, bytes } from "./support.ts";

/** Scraps of messages that, put together at random, reach most corners of the parser. */
const SCRAPS = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  "\0",
  "--",
  "--a\r\n",
  "--a--\r\n",
  "--ab\r\n",
  "--ab--\r\n",
  "--a \t\r\n",
  "Content-Type: multipart/mixed; boundary=a\r\n",
  'Content-Type: multipart/digest; boundary="ab"\r\n',
  "Content-Type: multipart/alternative\r\n",
  "Content-Type: message/rfc822\r\n",
  "Content-Type: text/html; charset=utf-16\r\n",
  "Content-Type: text/plain; charset=iso-2022-jp\r\n",
  "Content-Transfer-Encoding: base64\r\n",
  "Content-Transfer-Encoding: quoted-printable\r\n",
  "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%BC\r\n",
  'From: A <a@example.com>, G: b, (c) "d" <@r:e@f>;\r\n',
  "Subject: Re: =?utf-8?Q?=C3?= =?utf-8?B?vA==?= [x] fwd:\r\n",
  "Date: Tue, 1 Jul 2003 10:52:37 +0200\r\n",
  "References: <a@b> <c@d>\r\n",
  "From the mbox\r\n",
  "no field\r\n",
  "text =C3=BC aGVsbG8= <p>&amp;",
  "\xc3\xbc\xff",
  "x".repeat(1023),
  "-".repeat(1024),
];

const anyMessage = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...SCRAPS), { maxLength: 40, size: "max" }).map((scraps) =>
      bytes(scraps.join(""))
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);

function digestInPieces(message: Uint8Array, cuts: readonly number[]): MessageDigest {
  const builder = new DigestBuilder();
  let at = 0;
  for (
    const cut of [...cuts.map((cut) => cut % (message.length + 1)).sort((a, b) => a - b), message.length]
  ) {
    builder.write(message.slice(at, cut));
    at = cut;
  }
  return builder.finish();
}

function countLines(body: Uint8Array): number {
  let lines = 0;
  for (const byte of body) if (byte === 10) lines++;
  return lines + (body.length > 0 && body.at(-1) !== 10 ? 1 : 0);
}

Deno.test("offsets nest and lines are those of the body, for any message", () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const { structure } = parseMessage(message);
      assert.equal(structure.headerStart, 0);
      assert.equal(structure.bodyEnd, message.length);
      for (const { part, within } of allParts(structure)) {
        assert.ok(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd);
        assert.equal(part.lines, countLines(message.subarray(part.bodyStart, part.bodyEnd)));
        if (within !== null) {
          assert.ok(within.bodyStart <= part.headerStart && part.bodyEnd <= within.bodyEnd);
        }
        assert.equal(part.type === "multipart", part.children.length > 0);
        assert.equal(part.message !== null, part.type === "message" && part.subtype === "rfc822");
        if (part.message !== null) {
          assert.equal(part.message.part.headerStart, part.bodyStart);
          assert.equal(part.message.part.bodyEnd, part.bodyEnd);
        }
        for (let i = 1; i < part.children.length; i++) {
          assert.ok(part.children[i - 1]!.bodyEnd <= part.children[i]!.headerStart);
        }
      }
    }),
    { numRuns: 1500 },
  );
});

Deno.test("where a message is cut into pieces does not matter", () => {
  fc.assert(
    fc.property(anyMessage, fc.array(fc.nat(), { maxLength: 12 }), (message, cuts) => {
      assert.deepEqual(digestInPieces(message, cuts), parseMessage(message));
    }),
    { numRuns: 800 },
  );
  fc.assert(
    fc.property(anyMessage, (message) => {
      const everyByte = Array.from({ length: Math.min(message.length, 3000) }, (_, index) => index);
      assert.deepEqual(digestInPieces(message, everyByte), parseMessage(message));
    }),
    { numRuns: 100 },
  );
});

Deno.test("no text of a digest holds CR, LF or NUL", () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      JSON.stringify(parseMessage(message), (_key, value) => {
        if (typeof value === "string") assert.ok(!/[\r\n\0]/.test(value));
        return value;
      });
    }),
    { numRuns: 500 },
  );
});

Deno.test("small limits make a digest poorer, never an error", () => {
  const small = { parts: 3, depth: 2, headerBytes: 60, allHeaderBytes: 100, parameters: 1, addresses: 1 };
  fc.assert(
    fc.property(anyMessage, (message) => {
      const { structure } = parseMessage(message, small);
      assert.equal(structure.bodyEnd, message.length);
      for (const { part } of allParts(structure)) {
        assert.equal(part.type === "multipart", part.children.length > 0);
        assert.ok(part.bodyStart <= part.bodyEnd && part.bodyEnd <= message.length);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("every part is found under a number of its own", () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const { structure } = parseMessage(message);
      assert.equal(findPart(structure, []), structure);
      if (structure.type !== "multipart") assert.equal(findPart(structure, [1]), structure);
      structure.children.forEach((child, index) => assert.equal(findPart(structure, [index + 1]), child));
      const texts = [...allParts(structure)].filter(({ part }) => part.type === "text").length;
      assert.equal(textParts(structure).length, texts);
    }),
    { numRuns: 300 },
  );
});

Deno.test("the readers of single fields take any text", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(fc.constantFrom(...SCRAPS)).map((s) => s.join("")),
  );
  fc.assert(
    fc.property(texts, fc.uint8Array({ maxLength: 100 }), (text, some) => {
      parseAddressList(text);
      parseDate(text);
      parseParameterized(text);
      baseSubject(text);
      decodeWords(text);
      decodeText(some, "base64", text);
      decodeText(some, text, "utf-32");
      assert.ok(decodeContent(some, "quoted-printable").length <= some.length);
      for (const { value } of headerFields(some)) assert.ok(!/[\r\n\0]/.test(value));
      selectHeader(some, [text], "not");
    }),
    { numRuns: 1000 },
  );
});

Deno.test("what is written is read back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 120 }), (text) => {
      const word = encodeWord(text);
      assert.match(word, /^[\x20-\x7e]*(\r\n [\x20-\x7e]+)*$/);
      if (word !== text) { for (const line of word.split("\r\n ")) assert.ok(line.length <= 75); }
      const clean = text.replace(/[\x00-\x1f\x7f]/g, " ");
      assert.equal(decodeWords(word.replaceAll("\r\n", "")), clean);
    }),
    { numRuns: 1000 },
  );
  const dates = fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(dates, fc.integer({ min: -840, max: 840 }), (ms, zone) => {
      const seconds = ms - ms % 1000;
      assert.equal(parseDate(formatDate(seconds, zone)), seconds);
    }),
  );
});

Deno.test("base64 is decoded as it was made, wherever it is cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (content) => {
      const encoded = btoa(String.fromCharCode(...content)).replace(/.{10}/g, "$&\r\n");
      assert.deepEqual([...decodeContent(bytes(encoded), "base64")], [...content]);
      assert.deepEqual([...decodeContent(bytes(encoded.replaceAll("=", "")), "BASE64 ")], [...content]);
    }),
  );
});
