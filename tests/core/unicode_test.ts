import assert from "node:assert/strict";
import fc from "fast-check";
import { toNfc } from "../../src/core/unicode.ts";
import { assertLinear } from "../support/growth.ts";

const BELOW = "\u0316";
const ABOVE = "\u0315";

Deno.test("unicode: ordinary text comes out in NFC", () => {
  const words = ["e\u0301te\u0301", "한국어", "नमस्ते", "漢字", "привет", "שָׁלוֹם", "Việt Nam", "plain", ""];
  for (const word of words) {
    for (const form of ["NFC", "NFD"] as const) {
      assert.equal(toNfc(word.normalize(form)), word.normalize("NFC"));
    }
  }
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
    const plain = /\p{M}{30}/u.test(text.normalize("NFD"));
    fc.pre(!plain);
    assert.equal(toNfc(text), text.normalize("NFC"));
  }));
});

Deno.test("unicode: thousands of marks on one letter take no quadratic time, and the form is stable", () => {
  const bomb = (size: number) => "a" + ABOVE.repeat(size / 2) + BELOW.repeat(size / 2);
  // Sorted in one piece they take more than half a minute.
  assertLinear(400_000, (size) => {
    const text = bomb(size);
    return () => toNfc(text);
  });
  const once = toNfc(bomb(400_000));
  assert.equal(toNfc(once), once);
});
