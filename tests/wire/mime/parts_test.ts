/** IMAP's part numbers (RFC 3501 section 6.4.5), limits, previews, and the sizes of pieces that matter. */
import assert from "node:assert/strict";
import { DigestBuilder, findPart, parseMessage, type Part, textParts } from "../../../src/wire/mime/mod.ts";
import { bytes, message } from "./support.ts";

/** The example of RFC 3501 section 6.4.5, with bodies that name their part. */
const EXAMPLE = message(`Content-Type: multipart/mixed; boundary=top

--top
Content-Type: text/plain

1
--top
Content-Type: application/octet-stream

2
--top
Content-Type: message/rfc822

Subject: three
Content-Type: multipart/mixed; boundary=three

--three
Content-Type: text/plain

3.1
--three
Content-Type: application/octet-stream

3.2
--three--
--top
Content-Type: multipart/mixed; boundary=four

--four
Content-Type: image/gif

4.1
--four
Content-Type: message/rfc822

Subject: four point two
Content-Type: multipart/mixed; boundary=fourtwo

--fourtwo
Content-Type: text/plain

4.2.1
--fourtwo
Content-Type: multipart/alternative; boundary=fourtwotwo

--fourtwotwo
Content-Type: text/plain

4.2.2.1
--fourtwotwo
Content-Type: text/richtext

4.2.2.2
--fourtwotwo--
--fourtwo--
--four--
--top--
`);

function bodyOf(whole: Uint8Array, part: Part | null): string | null {
  return part === null ? null : String.fromCharCode(...whole.subarray(part.bodyStart, part.bodyEnd));
}

Deno.test("parts are numbered as in the example of RFC 3501", () => {
  const { structure } = parseMessage(EXAMPLE);
  for (const path of ["1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2"]) {
    assert.equal(bodyOf(EXAMPLE, findPart(structure, path.split(".").map(Number))), path);
  }
  for (
    const path of ["0", "5", "1.1", "2.1", "3.3", "3.1.1", "4.3", "4.1.1", "4.2.3", "4.2.2.3", "-1", "1.5"]
  ) {
    assert.equal(findPart(structure, path.split(".").map(Number)), null, path);
  }
  assert.equal(findPart(structure, [3])?.message?.envelope.subject, "three");
  assert.equal(findPart(structure, [4, 2])?.message?.envelope.subject, "four point two");
  assert.equal(findPart(structure, [4, 2, 2])?.subtype, "alternative");
  assert.equal(findPart(structure, [0.5]), null);
});

Deno.test("a message without parts has part 1, and so has one in another message", () => {
  const single = parseMessage(message("Subject: x\n\nbody\n")).structure;
  assert.equal(findPart(single, [1]), single);
  assert.equal(findPart(single, [2]), null);
  assert.equal(findPart(single, [1, 1]), null);

  const forwarded =
    parseMessage(message("Content-Type: message/rfc822\n\nSubject: inner\n\nbody\n")).structure;
  assert.equal(findPart(forwarded, [1]), forwarded);
  assert.equal(findPart(forwarded, [1, 1]), forwarded.message?.part);
  assert.equal(findPart(forwarded, [1, 2]), null);
  assert.equal(findPart(forwarded, [1, 1, 1]), null);

  const twice = parseMessage(
    message("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: deep\n\nbody\n"),
  ).structure;
  assert.equal(findPart(twice, [1, 1])?.message?.envelope.subject, "deep");
  assert.equal(findPart(twice, [1, 1, 1])?.type, "text");
});

Deno.test("text parts are listed in order, those of enclosed messages included", () => {
  const bodies = textParts(parseMessage(EXAMPLE).structure).map((part) => bodyOf(EXAMPLE, part));
  assert.deepEqual(bodies, ["1", "3.1", "4.2.1", "4.2.2.1", "4.2.2.2"]);
});

// ---- Limits ----

const THREE = message(`Content-Type: multipart/mixed; boundary=x

--x

one
--x

two
--x--
`);

Deno.test("past the limit of parts the rest belongs to the last one", () => {
  const { structure } = parseMessage(THREE, { parts: 2 });
  assert.equal(structure.children.length, 1);
  assert.equal(bodyOf(THREE, structure.children[0]!), "one\r\n--x\r\n\r\ntwo");
});

Deno.test("past the limit of depth a multipart or message is an opaque leaf", () => {
  for (const type of ["multipart/mixed; boundary=y", "message/rfc822"]) {
    const deep = message(
      `Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: ${type}\n\n--y\n\none\n--x--\n`,
    );
    const leaf = parseMessage(deep, { depth: 2 }).structure.children[0]!;
    assert.equal(`${leaf.type}/${leaf.subtype}`, "application/octet-stream");
    assert.equal(bodyOf(deep, leaf), "--y\r\n\r\none");
  }
});

Deno.test("past the limit of header bytes fields are not seen, but the body begins where it does", () => {
  const long = message(`Subject: seen\nX: ${"x".repeat(100)}\nFrom: not@seen\n\nbody`);
  const { envelope, structure } = parseMessage(long, { headerBytes: 50 });
  assert.equal(envelope.subject, "seen");
  assert.deepEqual(envelope.from, []);
  assert.equal(bodyOf(long, structure), "body");
});

Deno.test("addresses and parameters are counted over the whole message", () => {
  const many = message(`From: a@b\nTo: c@d, e@f, g@h\nContent-Type: a/b; c=1; d=2; e=3\n\n`);
  const { envelope, structure } = parseMessage(many, { addresses: 2, parameters: 2 });
  assert.equal(envelope.from.length, 1);
  assert.equal(envelope.to.length, 1);
  assert.equal(structure.params.length, 2);
});

// ---- Delimiters at the seams ----

Deno.test("a line of 1024 bytes may be a delimiter, a longer one is none, however it comes", () => {
  for (const [padding, parts] of [[1024, 2], [1025, 1]] as const) {
    const delimiter = "--x".padEnd(padding - 2) + "\r\n";
    const whole = bytes(
      `Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n${delimiter}\r\ntwo\r\n--x--`,
    );
    assert.equal(parseMessage(whole).structure.children.length, parts);
    const builder = new DigestBuilder();
    for (const byte of whole) builder.write(Uint8Array.of(byte));
    assert.deepEqual(builder.finish(), parseMessage(whole));
  }
});

// ---- Previews ----

const previews: readonly (readonly [text: string, preview: string])[] = [
  ["\nHello\n  world\t!\n", "Hello world !"],
  [`\n${"word ".repeat(100)}`, "word ".repeat(40).trim()],
  [`\n${"x".repeat(300)}`, "x".repeat(200)],
  [
    "Content-Type: text/html\n\n<p>Tom &amp; Jerry &lt;3 &#8364;&#x20ac; &nbsp; &unknown; 1 < 2</p>",
    "Tom & Jerry <3 €€ &unknown; 1 < 2",
  ],
  ["Content-Type: text/html\n\n<style>a</style><script>b</SCRIPT ><!-- c --><td>d</td><td>e</td>", "d e"],
  ["Content-Type: text/html\n\n<head><title>No</title></head>Y<b>e</b>s<br>sir", "Yes sir"],
  ["Content-Type: text/html\n\n<style>never closed", ""],
  ["Content-Type: text/html\n\n&#0;&#xD800;&#99999999;x", "&#99999999;x"],
  ["Content-Type: text/plain\nContent-Disposition: attachment\n\nhidden", ""],
  ["Content-Type: image/png\n\nhidden", ""],
  ["Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nR3LDvMOfZQ==", "Grüße"],
];

for (const [text, preview] of previews) {
  Deno.test(`preview of ${JSON.stringify(text.slice(0, 80))}`, () => {
    assert.equal(parseMessage(message(text)).preview, preview);
  });
}

Deno.test("a preview is cut neither in a character nor in a surrogate pair", () => {
  const smile = "\xf0\x9f\x99\x82";
  const raw = bytes("Content-Type: text/plain; charset=utf-8\r\n\r\n" + "x" + smile.repeat(2000));
  assert.equal(parseMessage(raw).preview, "x" + "🙂".repeat(99));
  // 3072 bytes are kept, which ends within a character here.
  const spaced = bytes("Subject: x\r\n\r\n" + " ".repeat(3069) + "\xc3\xbc" + smile);
  assert.equal(parseMessage(spaced).preview, "ü");
});
