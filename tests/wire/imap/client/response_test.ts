import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1 } from "../../../../src/core/bytes.ts";
import { ProtocolError } from "../../../../src/core/errors.ts";
import {
  beforeLiteral,
  clientQuoted,
  fetchItems,
  literalLength,
  numberOf,
  parseListed,
  parseServerResponse,
  type ResponsePart,
  textOf,
  ValueReader,
} from "../../../../src/wire/imap/client/mod.ts";
import { assertLinear } from "../../../support/growth.ts";

/** The pieces of a response whose literals stand in the text, as on the wire. */
function partsOf(wire: string): ResponsePart[] {
  const parts: ResponsePart[] = [];
  for (let rest = wire;;) {
    const end = rest.indexOf("\r\n");
    const line = end < 0 ? rest : rest.slice(0, end);
    const length = literalLength(line);
    if (length === null) return [...parts, { text: line, literal: null }];
    const start = end + 2;
    parts.push({ text: beforeLiteral(line), literal: encodeLatin1(rest.slice(start, start + length)) });
    rest = rest.slice(start + length);
  }
}

const parse = (wire: string) => parseServerResponse(partsOf(wire));

Deno.test("parseServerResponse: status (RFC 3501 section 7.1)", () => {
  const table: [string, [string | null, string, string | null, string, string]][] = [
    ["* OK ready", [null, "OK", null, "", "ready"]],
    ["* ok [UIDVALIDITY 77] fine", [null, "OK", "UIDVALIDITY", "77", "fine"]],
    ["a1 NO [AUTHENTICATIONFAILED] no", ["a1", "NO", "AUTHENTICATIONFAILED", "", "no"]],
    ["* BYE", [null, "BYE", null, "", ""]],
    ["* PREAUTH hello", [null, "PREAUTH", null, "", "hello"]],
    ["a1 BAD [x", ["a1", "BAD", null, "", "[x"]],
    ["* OK \x1b]0;x\x07", [null, "OK", null, "", "?]0;x?"]],
  ];
  for (const [wire, [tag, status, code, codeArguments, text]] of table) {
    assert.deepEqual(parse(wire), { kind: "status", tag, status, code, codeArguments, text });
  }
});

Deno.test("parseServerResponse: data (RFC 3501 sections 7.2 to 7.4)", () => {
  assert.deepEqual(parse("* 23 EXISTS"), { kind: "data", name: "EXISTS", number: 23, values: [] });
  assert.deepEqual(parse("+ go on"), { kind: "continue", text: "go on" });
  assert.deepEqual(parse("+"), { kind: "continue", text: "" });
  const fetch = parse(
    '* 7 FETCH (UID 5 RFC822.SIZE 99 FLAGS (\\Seen x) BODY[HEADER.FIELDS (DATE "FROM")]<0> {4}\r\na)\r\n ENVELOPE NIL)',
  );
  assert.ok(fetch.kind === "data" && fetch.number === 7);
  const items = fetchItems(fetch.values);
  assert.equal(numberOf(items.get("UID")), 5);
  assert.equal(numberOf(items.get("RFC822.SIZE")), 99);
  assert.equal(textOf(items.get('BODY[HEADER.FIELDS (DATE "FROM")]<0>')), "a)\r\n");
  assert.equal(textOf(items.get("ENVELOPE")), null);
  assert.equal(items.get("FLAGS")?.kind, "list");
});

Deno.test("parseListed: RFC 3501 section 7.2.2", () => {
  const listed = (wire: string) => {
    const response = parse(wire);
    assert.ok(response.kind === "data");
    return parseListed(response.values);
  };
  assert.deepEqual(listed('* LIST (\\HasNoChildren \\Sent) "/" "a \\"b\\\\"'), {
    wireName: 'a "b\\',
    selectable: true,
    attributes: ["\\hasnochildren", "\\sent"],
  });
  assert.deepEqual(listed("* LIST (\\Noselect) NIL {3}\r\nx/y"), {
    wireName: "x/y",
    selectable: false,
    attributes: ["\\noselect"],
  });
  assert.deepEqual(listed("* LIST () NIL NIL"), { wireName: "NIL", selectable: true, attributes: [] });
  for (const wire of ["* LIST", "* LIST x y z", "* LIST () NIL", "* LIST () NIL (a)"]) {
    assert.throws(() => listed(wire), ProtocolError, wire);
  }
});

Deno.test("parseServerResponse: what is no response", () => {
  const table = [
    "",
    "HTTP/1.1 400 Bad Request",
    "* ",
    "* 5",
    "* (",
    "* 1 FETCH (",
    "* 1 FETCH )",
    '* LIST () "/" "x',
    `* x ${"(".repeat(30)}${")".repeat(30)}`,
  ];
  for (const wire of table) assert.throws(() => parse(wire), ProtocolError, wire);
});

Deno.test("literalLength: RFC 3501 section 4.3", () => {
  const table: [string, number | null][] = [
    ["* 1 FETCH (BODY[] {12}", 12],
    ["x {0}", 0],
    ["x ~{7}", 7],
    ["x {7+}", 7],
    ["x {}", null],
    ["x {-1}", null],
    ["x {1e9}", null],
    ["x {9999999999999999}", null],
    ["x 12}", null],
    ["x {12} ", null],
  ];
  for (const [line, length] of table) assert.equal(literalLength(line), length, line);
  assert.equal(beforeLiteral("x ~{7}"), "x ");
});

Deno.test("ValueReader: ends for any input, in linear time", () => {
  const piece = fc.constantFrom("(", ")", '"', "\\", " ", "[", "]", "a", "1", "NIL", "{");
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
    try {
      new ValueReader([{ text: pieces.join(""), literal: null }]).rest();
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }));
  for (const character of ['"', "[", "(", "a ", "\\"]) {
    assertLinear(500_000, (size) => {
      const text = character.repeat(size);
      return () => {
        try {
          new ValueReader([{ text, literal: null }]).rest();
        } catch (error) {
          assert.ok(error instanceof ProtocolError);
        }
      };
    });
  }
});

Deno.test("clientQuoted: what it quotes is read back; no line break gets in", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", '"', "\\", " ", "é", "{") }), (text) => {
    const [value] = new ValueReader([{ text: clientQuoted(text), literal: null }]).rest();
    assert.equal(textOf(value), text);
  }));
  assert.throws(() => clientQuoted("a\r\nb"), ProtocolError);
});
