/** Dates (RFC 5322 sections 3.3 and 4.3, and the wild). */
import assert from "node:assert/strict";
import { formatDate, parseDate } from "../../../src/wire/mime/mod.ts";

const at = (hour: number, minute = 52, second = 37) => Date.UTC(2003, 6, 1, hour, minute, second);

const table: readonly (readonly [text: string, expected: number | null])[] = [
  ["Tue, 1 Jul 2003 10:52:37 +0200", at(8)],
  ["Tue, 01 Jul 2003 10:52:37 -0330", at(14, 22)],
  ["1 Jul 2003 10:52:37 +0000", at(10)],
  ["tue, 1 jul 2003 10:52 gmt", at(10, 52, 0)],
  ["Tue , 1 Jul 2003 10 : 52 (a) : 37 +0200", at(8)],
  ["Tue, 1 Jul 2003 10:52:37 +0200 (CEST)", at(8)],
  ["Tue (a comment), 1 (b) Jul (c) 2003 (d) 10:52:37 (e) +0200", at(8)],
  ["Tue, 1 Jul 2003 10:52:37 (open", at(10)],
  ["Tue, 1 Jul 2003 23:59:60 +0000", Date.UTC(2003, 6, 2)],
  // Section 4.3: named zones and short years.
  ["1 Jul 03 10:52:37 UT", at(10)],
  ["1 Jul 103 10:52:37 GMT", at(10)],
  ["1 Jul 49 00:00 GMT", Date.UTC(2049, 6, 1)],
  ["1 Jul 50 00:00 GMT", Date.UTC(1950, 6, 1)],
  ["1 Jul 2003 10:52:37 EST", at(15)],
  ["1 Jul 2003 10:52:37 EDT", at(14)],
  ["1 Jul 2003 10:52:37 CST", at(16)],
  ["1 Jul 2003 10:52:37 CDT", at(15)],
  ["1 Jul 2003 10:52:37 MST", at(17)],
  ["1 Jul 2003 10:52:37 MDT", at(16)],
  ["1 Jul 2003 10:52:37 PST", at(18)],
  ["1 Jul 2003 10:52:37 PDT", at(17)],
  ["1 Jul 2003 10:52:37 Z", at(10)],
  ["1 Jul 2003 10:52:37 J", at(10)],
  ["1 Jul 2003 10:52:37 Nowhere", at(10)],
  ["1 Jul 2003 10:52:37", at(10)],
  // Seen in the wild.
  ["Tue, 1 July 2003 10:52:37 +0200", at(8)],
  ["Tue Jul  1 10:52:37 2003", at(10)],
  ["Tue Jul  1 10:52:37 CEST 2003", at(8)],
  ["Tue Jul  1 10:52:37 2003 +0200", at(8)],
  ["July 1, 2003 10:52:37 +0200", at(8)],
  ["1-Jul-2003 10:52:37 +0200", at(8)],
  ["01-Jul-03 10.52.37 +0200", at(8)],
  ["2003-07-01T10:52:37Z", at(10)],
  ["2003-07-01 10:52:37.123+02:00", at(8)],
  ["2003 Jul 1 10:52:37", at(10)],
  ["Tue, 1 Jul 2003 10:52:37 GMT+0200", at(8)],
  ["Tue, 1 Jul 2003 10:52:37 +9999", at(10)],
  ["1 Jul 2003", Date.UTC(2003, 6, 1)],
  // No dates.
  ["", null],
  ["yesterday", null],
  ["10:52:37", null],
  ["1 Jul", null],
  ["31 Jun 2003 10:00:00 +0000", null],
  ["29 Feb 2003 10:00:00 +0000", null],
  ["0 Jul 2003 10:00:00 +0000", null],
  ["1 Jul 2003 24:00:00 +0000", null],
  ["1 Jul 2003 10:60:00 +0000", null],
  ["1 Foo 2003 10:00:00 +0000", null],
  ["1 Jul 20030 10:00:00 +0000", null],
  ["1057049557", null],
];

for (const [text, expected] of table) {
  Deno.test(`date: ${text}`, () => assert.equal(parseDate(text), expected));
}

const written: readonly (readonly [ms: number, zone: number | undefined, expected: string])[] = [
  [at(10), undefined, "Tue, 01 Jul 2003 10:52:37 +0000"],
  [at(8), 120, "Tue, 01 Jul 2003 10:52:37 +0200"],
  [at(14, 22), -210, "Tue, 01 Jul 2003 10:52:37 -0330"],
  [0, -1, "Wed, 31 Dec 1969 23:59:00 -0001"],
  [Date.UTC(2024, 1, 29, 23, 30), 60, "Fri, 01 Mar 2024 00:30:00 +0100"],
];

for (const [ms, zone, expected] of written) {
  Deno.test(`date written: ${expected}`, () => assert.equal(formatDate(ms, zone), expected));
}
