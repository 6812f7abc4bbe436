/**
 * Dates (RFC 5322 section 3.3, obsolete forms in section 4.3) as milliseconds since 1970. Reading accepts what
 * is seen in the wild: any order of day, month and year that is unambiguous, two-digit years, ISO 8601, named zones.
 */
import { FieldScanner } from "./field_scanner.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/**
 * Section 4.3, in minutes; and two that are common. The military letters mean nothing reliable and count as UTC,
 * as does any other name.
 */
const ZONES = new Map([
  ["est", -300],
  ["edt", -240],
  ["cst", -360],
  ["cdt", -300],
  ["mst", -420],
  ["mdt", -360],
  ["pst", -480],
  ["pdt", -420],
  ["cet", 60],
  ["cest", 120],
]);

/** No real date field is longer. */
const LONGEST = 300;

/** Milliseconds since 1970, or null for what is no date. Without a time it is midnight, without a zone UTC. */
export function parseDate(text: string): number | null {
  return parseZonedDate(text)?.at ?? null;
}

/** A moment, and where the clock hung that it was read from, in minutes east of UTC. */
export interface ZonedDate {
  readonly at: number;
  readonly zoneMinutes: number;
}

/**
 * The day that stands in the text, whatever its time and zone make of it, as days since 1970: what IMAP searches by (RFC 3501
 * section 6.4.4). Null where `parseDate` is.
 */
export function parseDay(text: string): number | null {
  const moment = parseZonedDate(text);
  return moment === null ? null : Math.floor((moment.at + moment.zoneMinutes * 60_000) / DAY_MS);
}

const DAY_MS = 86_400_000;

export function parseZonedDate(text: string): ZonedDate | null {
  const plain = withoutComments(text.slice(0, LONGEST));
  const clock = /(\d{1,2})(?: ?: ?|\.)(\d{2})(?:(?: ?: ?|\.)(\d{2}))?(?:[.,]\d{1,9})?/.exec(plain);
  const day = readDay(
    clock === null ? plain : plain.slice(0, clock.index),
    clock === null ? "" : afterClock(plain, clock),
  );
  if (day === null) return null;
  const hour = Number(clock?.[1] ?? 0);
  const minute = Number(clock?.[2] ?? 0);
  const second = Number(clock?.[3] ?? 0);
  if (hour > 23 || minute > 59 || second > 60) return null;
  const utc = utcOf(day.year, day.month, day.day);
  if (utc === null) return null;
  const zone = clock === null ? 0 : readZone(afterClock(plain, clock));
  return { at: utc + (hour * 60 + minute - zone) * 60_000 + second * 1000, zoneMinutes: zone };
}

function afterClock(plain: string, clock: RegExpExecArray): string {
  return plain.slice(clock.index + clock[0].length);
}

function withoutComments(text: string): string {
  const scanner = new FieldScanner(text);
  let plain = "";
  while (!scanner.done) {
    if (scanner.skipBlank()) plain += " ";
    if (!scanner.done) plain += text[scanner.at++];
  }
  return plain;
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Finds the day in what stands before the time; asctime() writes its year after it. */
function readDay(before: string, after: string): Day | null {
  const iso = /(?:^|\D)(\d{4})-(\d{1,2})-(\d{1,2})(?:\D|$)/.exec(before);
  if (iso !== null) return { year: Number(iso[1]), month: Number(iso[2]) - 1, day: Number(iso[3]) };
  const words = before.match(/[A-Za-z]+|\d+/g) ?? [];
  const numbers = words.filter((word) => /^\d/.test(word));
  const month = words.map((word) => MONTHS.indexOf(word.slice(0, 3).toLowerCase())).find((index) =>
    index >= 0
  );
  if (month === undefined || numbers.length === 0) return null;
  const year = numbers[1] ?? /(?:^|\s)(\d{4})(?:\s|$)/.exec(after)?.[1];
  if (year === undefined) return null;
  // `2003 Jul 1` is the only order in which a year comes first.
  const yearFirst = numbers[0]!.length === 4;
  return {
    year: fullYear(yearFirst ? numbers[0]! : year),
    month,
    day: Number(yearFirst ? year : numbers[0]),
  };
}

/** Section 4.3: two digits below 50 are of this century; three digits count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length <= 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits.length === 3 ? 1900 + year : year;
}

/** Minutes east of UTC. */
function readZone(text: string): number {
  const numeric = /^[^+-]{0,20}?([+-])(\d{2}):?(\d{2})(?:\D|$)/.exec(text);
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3]);
    // Section 4.3: what cannot be a zone counts as UTC.
    if (Number(numeric[3]) > 59 || minutes > 24 * 60) return 0;
    return numeric[1] === "-" ? -minutes : minutes;
  }
  return ZONES.get(/[A-Za-z]+/.exec(text)?.[0].toLowerCase() ?? "") ?? 0;
}

function utcOf(year: number, month: number, day: number): number | null {
  if (!(year >= 1 && year <= 9999) || month < 0 || month > 11 || day < 1 || day > 31) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // 31 June would become 1 July.
  return date.getUTCMonth() === month ? date.getTime() : null;
}

/** Writes a date as RFC 5322 section 3.3 wants it: `Tue, 01 Jul 2003 10:52:37 +0200`. */
export function formatDate(ms: number, zoneMinutes = 0): string {
  const local = new Date(ms + zoneMinutes * 60_000);
  const month = MONTHS[local.getUTCMonth()]!;
  const zone = Math.abs(zoneMinutes);
  return `${DAYS[local.getUTCDay()]}, ${two(local.getUTCDate())} ${month[0]!.toUpperCase()}${
    month.slice(1)
  } ` +
    `${String(local.getUTCFullYear()).padStart(4, "0")} ${two(local.getUTCHours())}:${
      two(local.getUTCMinutes())
    }:` +
    `${two(local.getUTCSeconds())} ${zoneMinutes < 0 ? "-" : "+"}${two(Math.floor(zone / 60))}${
      two(zone % 60)
    }`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
