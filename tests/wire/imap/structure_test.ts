import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { encodeEnvelope, Encoder, encodeSection, encodeStructure } from "../../../src/wire/imap/mod.ts";
import type { Part } from "../../../src/wire/mime/mod.ts";
import { parseMessage } from "../../../src/wire/mime/mod.ts";
import { ResponseParser, textOf, type Value } from "./parser.ts";
import { encoded } from "./support.ts";

function message(lines: readonly string[]): Uint8Array {
  return encodeUtf8(lines.join("\r\n"));
}

const MIXED = message([
  "From: Alice <alice@example.com>",
  "To: Team: bob@example.com, carol@example.com;",
  "Subject: Plans",
  "Date: Mon, 1 Jan 2024 00:00:00 +0000",
  "Message-ID: <1@example.com>",
  'Content-Type: multipart/mixed; boundary="b"',
  "",
  "--b",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "Hello",
  "--b",
  "Content-Type: message/rfc822",
  "",
  "Subject: Inner",
  "",
  "Inner text",
  "--b",
  "Content-Type: image/png",
  "Content-Transfer-Encoding: base64",
  "Content-Disposition: attachment; filename*=utf-8''%C3%A9.png",
  "Content-Language: en, de",
  "",
  "AAAA",
  "--b--",
  "",
]);

Deno.test("ENVELOPE (RFC 3501 section 7.4.2)", () => {
  const { envelope } = parseMessage(MIXED);
  const alice = '(("Alice" NIL "alice" "example.com"))';
  const team = '((NIL NIL "Team" NIL)(NIL NIL "bob" "example.com")(NIL NIL "carol" "example.com")' +
    "(NIL NIL NIL NIL))";
  assert.equal(
    encoded((encoder) => encodeEnvelope(encoder, envelope)),
    `("Mon, 1 Jan 2024 00:00:00 +0000" "Plans" ${alice} ${alice} ${alice} ${team} NIL NIL NIL "<1@example.com>")`,
  );
});

Deno.test("BODY and BODYSTRUCTURE (RFC 3501 section 7.4.2)", () => {
  const { structure } = parseMessage(MIXED);
  const inner = '(NIL "Inner" NIL NIL NIL NIL NIL NIL NIL NIL)';
  const text = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 5 1';
  const rfc822 = `("message" "rfc822" NIL NIL NIL "7bit" 28 ${inner} ("text" "plain"`;
  const image = '("image" "png" NIL NIL NIL "base64" 4';
  const short = encoded((encoder) => encodeStructure(encoder, structure, false));
  assert.ok(short.startsWith(`(${text})${rfc822}`), short);
  assert.ok(short.endsWith(`${image}) "mixed")`), short);
  const long = encoded((encoder) => encodeStructure(encoder, structure, true));
  assert.ok(long.startsWith(`(${text} NIL NIL NIL NIL)${rfc822}`), long);
  const disposition = `("attachment" ("filename*" "utf-8''%C3%A9.png"))`;
  assert.ok(
    long.endsWith(`${image} NIL ${disposition} ("en" "de") NIL) "mixed" ("boundary" "b") NIL NIL NIL)`),
    long,
  );
});

Deno.test("what the grammar has no form for is shown in one it has", () => {
  const { structure } = parseMessage(MIXED);
  const empty: Part = { ...structure, children: [] };
  assert.match(
    encoded((encoder) => encodeStructure(encoder, empty, false)),
    /^\(\("text" "plain" .* 0 0\) "mixed"\)$/,
  );
  const closed: Part = { ...structure, type: "message", subtype: "rfc822", children: [] };
  assert.match(
    encoded((encoder) => encodeStructure(encoder, closed, false)),
    /^\("message" "rfc822" .* \(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL\) \("text" "plain" .*\) \d+\)$/,
  );
});

Deno.test("sections are written as the client asked", () => {
  const fields = ["From", "X Y"];
  assert.equal(
    encoded((encoder) =>
      encodeSection(encoder, {
        path: [1, 2],
        text: "HEADER.FIELDS",
        fields,
        partial: { start: 3, length: 9 },
      })
    ),
    '[1.2.HEADER.FIELDS (From "X Y")]<3>',
  );
  assert.equal(
    encoded((encoder) => encodeSection(encoder, { path: [], text: "", fields: [], partial: null })),
    "[]",
  );
});

/** Text that is more often MIME than chance would have it. */
const mimeLike = fc.array(
  fc.oneof(
    fc.constantFrom(
      "\r\n",
      "\r\n\r\n",
      "--b",
      "--b--",
      "Content-Type: multipart/mixed; boundary=b\r\n",
      'Content-Type: multipart/alternative; boundary="a b"\r\n',
      "Content-Type: message/rfc822\r\n",
      "Content-Type: text/plain; name*0*=utf-8''%C3; name*1*=%A9\r\n",
      'Content-Disposition: attachment; filename="\xe9\\""\r\n',
      'From: "A \\" B" <a@b>, g: x@y, z;\r\n',
      "Subject: \xc3\xa9 =?utf-8?q?x?=\r\n",
      "Content-Language: a, b\r\n",
      "Message-ID: <\0>\r\n",
    ),
    fc.string({ maxLength: 10, unit: "binary" }),
  ),
  { maxLength: 25 },
).map((pieces) => encodeLatin1(pieces.join("")));

Deno.test("whatever is parsed, its rendering follows the grammar", () => {
  fc.assert(
    fc.property(mimeLike, (bytes) => {
      const digest = parseMessage(bytes);
      checkEnvelope(parse((encoder) => encodeEnvelope(encoder, digest.envelope)));
      for (const extended of [false, true]) {
        checkBody(parse((encoder) => encodeStructure(encoder, digest.structure, extended)), extended);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("a structure nested as deep as one likes is written", () => {
  let part = parseMessage(message(["", "x"])).structure;
  for (let i = 0; i < 20_000; i++) {
    part = { ...part, type: "multipart", subtype: "mixed", children: [part] };
  }
  const text = encoded((encoder) => encodeStructure(encoder, part, false));
  assert.ok(text.startsWith("(".repeat(20_001)));
});

function parse(write: (encoder: Encoder) => void): Value {
  const encoder = new Encoder();
  write(encoder);
  const parser = new ResponseParser(encoder.take());
  const value = parser.value();
  assert.ok(parser.done);
  return value;
}

function checkEnvelope(value: Value): void {
  assert.ok(Array.isArray(value));
  assert.equal(value.length, 10);
  for (const index of [0, 1, 8, 9]) textOf(value[index]);
  for (const list of value.slice(2, 8)) {
    if (list === null) continue;
    assert.ok(Array.isArray(list));
    for (const address of list) {
      assert.ok(Array.isArray(address));
      assert.equal(address.length, 4);
      address.forEach(textOf);
    }
  }
}

/** RFC 3501 section 9: body, body-type-mpart, body-type-1part. */
function checkBody(value: Value | undefined, extended: boolean): void {
  assert.ok(Array.isArray(value));
  if (Array.isArray(value[0])) {
    const parts = value.filter((_, i) => value.slice(0, i + 1).every(Array.isArray));
    parts.forEach((part) => checkBody(part, extended));
    textOf(value[parts.length]);
    assert.equal(value.length, parts.length + (extended ? 5 : 1));
    return;
  }
  const [type, subtype] = [textOf(value[0]), textOf(value[1])];
  checkParameters(value[2]);
  [value[3], value[4], value[5]].forEach(textOf);
  assert.match(String(value[6]), /^[0-9]+$/);
  let length = 7;
  if (type === "text") {
    assert.match(String(value[7]), /^[0-9]+$/);
    length = 8;
  }
  if (type === "message" && subtype === "rfc822") {
    checkEnvelope(value[7]!);
    checkBody(value[8], extended);
    assert.match(String(value[9]), /^[0-9]+$/);
    length = 10;
  }
  assert.equal(value.length, length + (extended ? 4 : 0));
}

function checkParameters(value: Value | undefined): void {
  if (value === null) return;
  assert.ok(Array.isArray(value) && value.length % 2 === 0);
  value.forEach(textOf);
}

Deno.test("a message/global shows its message to who knows it (RFC 9051 section 9 `media-message`)", () => {
  const { structure } = parseMessage(message([
    "Content-Type: message/global",
    "",
    "Subject: Gr\u00fc\u00dfe",
    "",
    "Text",
    "",
  ]));
  const shown = (utf8: boolean) =>
    encoded((encoder) => {
      encoder.utf8 = utf8;
      encodeStructure(encoder, structure, false);
      assert.ok(encoder.dependsOnUtf8);
    });
  // To RFC 3501 it is a part like any other.
  assert.equal(shown(false), '("message" "global" NIL NIL NIL "7bit" 26)');
  assert.equal(
    shown(true),
    '("message" "global" NIL NIL NIL "7bit" 26 (NIL "Gr\u00fc\u00dfe" NIL NIL NIL NIL NIL NIL NIL NIL) ' +
      '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1) 3)',
  );
});
