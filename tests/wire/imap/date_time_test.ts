import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDateTime, parseDateTime, parseDay } from "../../../src/wire/imap/mod.ts";

Deno.test("date-time reads", () => {
  const cases: [string, number][] = [
    ["17-Jul-1996 02:44:25 -0700", Date.UTC(1996, 6, 17, 9, 44, 25)],
    [" 1-jan-2024 00:00:00 +0530", Date.UTC(2023, 11, 31, 18, 30)],
    ["31-Dec-2016 23:59:60 +0000", Date.UTC(2017, 0, 1)],
    ["29-Feb-2024 12:00:00 +0000", Date.UTC(2024, 1, 29, 12)],
  ];
  for (const [text, ms] of cases) assert.equal(parseDateTime(text), ms, text);
});

Deno.test("what is no date-time is refused", () => {
  for (
    const text of [
      "",
      "1-Jan-2024 00:00:00 +0000",
      "30-Feb-2024 00:00:00 +0000",
      " 0-Jan-2024 00:00:00 +0000",
      " 1-Foo-2024 00:00:00 +0000",
      " 1-Jan-2024 24:00:00 +0000",
      " 1-Jan-2024 00:60:00 +0000",
      " 1-Jan-2024 00:00:61 +0000",
      " 1-Jan-2024 00:00:00 +2400",
      " 1-Jan-2024 00:00:00",
    ]
  ) assert.equal(parseDateTime(text), null, text);
});

Deno.test("days", () => {
  assert.equal(parseDay("1-Jan-1970"), 0);
  assert.equal(parseDay("31-Dec-1969"), -1);
  assert.equal(parseDay("1-Mar-2000"), 11017);
  assert.equal(parseDay("31-Apr-2000"), null);
  assert.equal(parseDay("100-Apr-2000"), null);
});

Deno.test("every time is written in 26 characters and reads back", () => {
  fc.assert(fc.property(fc.integer({ min: -2e12, max: 2e14 }), (seconds) => {
    const ms = Math.floor(seconds / 1000) * 1000;
    const text = formatDateTime(ms);
    assert.equal(text.length, 26);
    assert.equal(parseDateTime(text), ms);
  }));
  for (const ms of [NaN, Infinity, -8.64e15, 8.64e15]) assert.equal(formatDateTime(ms).length, 26);
});
