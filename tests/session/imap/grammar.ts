import assert from "node:assert/strict";
import { ResponseParser, type Value } from "../../wire/imap/parser.ts";

const CODE = /^\[[A-Z-]+( [^\]]+)?\] /;
const STATUS = /^(OK|NO|BAD|BYE|PREAUTH) (.+)$/;

/** Reads everything a server said, and fails where it does not follow RFC 3501 section 9 `response`. */
export function checkResponses(bytes: Uint8Array): void {
  const parser = new ResponseParser(bytes);
  while (!parser.done) {
    const first = parser.untilSpace();
    if (first === "+") assert.match(parser.restOfLine(), /^[\x20-\x7e]*$/);
    else if (first === "*") checkUntagged(parser);
    else {
      assert.match(first, /^[^\x00-\x20(){%*"\\+\x7f-\xff]+$/);
      checkStatus(parser.restOfLine());
    }
  }
}

function checkStatus(text: string): void {
  const match = STATUS.exec(text);
  assert.ok(match, `No status: ${JSON.stringify(text)}`);
  assert.match(match[2]!, /^[\x20-\x7e]+$/);
  if (match[2]!.startsWith("[")) assert.match(match[2]!, CODE);
}

function checkUntagged(parser: ResponseParser): void {
  const start = parser.at;
  const word = parser.untilSpaceOrEnd();
  if (/^(OK|NO|BAD|BYE|PREAUTH)$/.test(word)) {
    parser.at = start;
    return checkStatus(parser.restOfLine());
  }
  if (/^[0-9]+$/.test(word)) return checkNumbered(parser);
  const line = () => parser.restOfLine();
  switch (word) {
    case "CAPABILITY":
      return assert.match(line(), /^[A-Za-z0-9+=-]+( [A-Za-z0-9+=-]+)*$/);
    case "ENABLED":
    case "SEARCH":
      return assert.match(line(), /^([0-9]+( [0-9]+)*)?$/);
    case "FLAGS":
      assert.ok(Array.isArray(parser.flags()));
      return parser.expect("\r\n");
    case "LIST":
    case "LSUB":
      parser.flags();
      parser.expect(' "/" ');
      parser.value();
      return parser.expect("\r\n");
    case "STATUS":
      parser.value();
      parser.expect(" ");
      parser.value();
      return parser.expect("\r\n");
    case "ID":
      return assert.equal(line(), '("name" "Mailden")');
    case "NAMESPACE":
      return assert.equal(line(), '(("" "/")) NIL NIL');
    default:
      assert.fail(`Unknown answer ${word}`);
  }
}

function checkNumbered(parser: ResponseParser): void {
  const word = parser.untilSpaceOrEnd();
  if (word !== "FETCH") {
    assert.match(word, /^(EXISTS|RECENT|EXPUNGE)$/);
    return parser.expect("\r\n");
  }
  parser.expect("(");
  for (;;) {
    checkItem(parser, parser.itemName());
    if (parser.tryText(")\r\n")) return;
    parser.expect(" ");
  }
}

function checkItem(parser: ResponseParser, name: string): Value {
  switch (name.replace(/[[<].*$/s, "")) {
    case "FLAGS":
      return parser.flags();
    case "UID":
    case "RFC822.SIZE":
    case "INTERNALDATE":
    case "ENVELOPE":
    case "BODYSTRUCTURE":
    case "BODY":
    case "RFC822":
    case "RFC822.HEADER":
    case "RFC822.TEXT":
      return parser.value();
    default:
      return assert.fail(`Unknown item ${name}`);
  }
}
