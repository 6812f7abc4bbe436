import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf7, encodeUtf7 } from "../../../src/wire/imap/mod.ts";

const NAMES: readonly [name: string, wire: string][] = [
  ["INBOX", "INBOX"],
  ["Tom & Jerry", "Tom &- Jerry"],
  ["Entwürfe", "Entw&APw-rfe"],
  // The example of RFC 3501 section 5.1.3.
  ["~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"],
  ["😀", "&2D3eAA-"],
  ["é&é", "&AOk-&-&AOk-"],
  ["a\tb", "a&AAk-b"],
  ["", ""],
  ["-", "-"],
];

Deno.test("modified UTF-7, both ways", () => {
  for (const [name, wire] of NAMES) {
    assert.equal(encodeUtf7(name), wire);
    assert.equal(decodeUtf7(wire), name);
  }
});

Deno.test("what no encoder writes is refused", () => {
  const cases = {
    "unfinished": "&AOk",
    "alone": "&",
    "no letter of the alphabet": "&A.k-",
    "half a unit": "&AO-",
    "six bits too many": "&AOkA-",
    "padding that is not zero": "&AOl-",
    "ASCII in disguise": "&AGE-",
    "two stretches in a row": "&AOk-&AOk-",
    "half a surrogate": "&2D0-",
    "raw UTF-8": "é",
    "a control": "a\tb",
  };
  for (const [why, wire] of Object.entries(cases)) assert.equal(decodeUtf7(wire), null, why);
});

Deno.test("every name has one form, and comes back", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (name) => {
    const wire = encodeUtf7(name);
    assert.match(wire, /^[\x20-\x7e]*$/);
    assert.equal(decodeUtf7(wire), name);
  }));
  fc.assert(fc.property(fc.stringMatching(/^[a-c&A-F,-]{0,12}$/), (wire) => {
    const name = decodeUtf7(wire);
    if (name !== null) assert.equal(encodeUtf7(name), wire);
  }));
});
