import { decodeLatin1 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { QUOTE } from "./chars.ts";
import type { Decoder } from "./decoder.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;

const DATE = /^([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})$/;
const DATE_TIME =
  /^([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})$/;

/** `"17-Jul-1996 02:44:25 -0700"` in milliseconds since 1970 (RFC 3501 section 9 `date-time`). */
export function decodeDateTime(decoder: Decoder): number {
  if (decoder.next !== QUOTE) decoder.fail("a date and time in quotes");
  const time = parseDateTime(decodeLatin1(decoder.expectString()));
  if (time === null) throw new ProtocolError('Write date and time as "17-Jul-1996 02:44:25 -0700"');
  return time;
}

/** A `date`, quoted or not, as days since 1970. */
export function decodeDay(decoder: Decoder): number {
  const text = decodeLatin1(decoder.expectAstring("a date"));
  const day = parseDay(text);
  if (day === null) throw new ProtocolError("Write dates as 1-Feb-1994");
  return day;
}

export function parseDateTime(text: string): number | null {
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const day = dayOf(match[3]!, match[2]!, match[1]!.trim());
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const [zoneHour, zoneMinute] = [Number(match[8]), Number(match[9])];
  // 60 is a leap second.
  if (day === null || hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) {
    return null;
  }
  const zone = (zoneHour * 60 + zoneMinute) * (match[7] === "-" ? -1 : 1);
  return day * DAY_MS + ((hour * 60 + minute - zone) * 60 + second) * 1000;
}

export function parseDay(text: string): number | null {
  const match = DATE.exec(text);
  return match === null ? null : dayOf(match[3]!, match[2]!, match[1]!);
}

/** Always in UTC, 26 characters without the quotes. */
export function formatDateTime(ms: number): string {
  const date = new Date(Number.isFinite(ms) ? Math.min(Math.max(ms, EARLIEST), LATEST) : 0);
  const day = String(date.getUTCDate()).padStart(2, " ");
  const year = String(date.getUTCFullYear()).padStart(4, "0");
  const [h, m, s] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  return `${day}-${MONTHS[date.getUTCMonth()]}-${year} ${two(h)}:${two(m)}:${two(s)} +0000`;
}

const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59);
const EARLIEST = yearZero();

function yearZero(): number {
  return new Date(0).setUTCFullYear(0, 0, 1);
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function dayOf(yearText: string, monthText: string, dayText: string): number | null {
  const month = MONTHS.findIndex((name) => name.toLowerCase() === monthText.toLowerCase());
  const [year, day] = [Number(yearText), Number(dayText)];
  if (month < 0 || day < 1) return null;
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getUTCDate() === day ? Math.floor(date.getTime() / DAY_MS) : null;
}
