/** The parts of a date that a script may compare (RFC 5260 section 4.2). */

import { formatDate, type ZonedDate } from "../../wire/mime/mod.ts";

const DAY_MS = 86_400_000;
/** The modified Julian day of 1 January 1970. */
const MJD_OF_1970 = 40_587;

type Part = (shown: Date, moment: ZonedDate) => string;

const two = (value: number) => String(value).padStart(2, "0");
const year = (shown: Date) => String(shown.getUTCFullYear()).padStart(4, "0");
const isoDate: Part = (shown) => `${year(shown)}-${two(shown.getUTCMonth() + 1)}-${two(shown.getUTCDate())}`;
const time: Part = (shown) =>
  `${two(shown.getUTCHours())}:${two(shown.getUTCMinutes())}:${two(shown.getUTCSeconds())}`;
const zone: Part = (_, { zoneMinutes }) => zoneText(zoneMinutes, "");

export const DATE_PARTS: ReadonlyMap<string, Part> = new Map<string, Part>([
  ["year", year],
  ["month", (shown) => two(shown.getUTCMonth() + 1)],
  ["day", (shown) => two(shown.getUTCDate())],
  ["date", isoDate],
  ["julian", (shown) => String(Math.floor(shown.getTime() / DAY_MS) + MJD_OF_1970)],
  ["hour", (shown) => two(shown.getUTCHours())],
  ["minute", (shown) => two(shown.getUTCMinutes())],
  ["second", (shown) => two(shown.getUTCSeconds())],
  ["time", time],
  [
    "iso8601",
    (shown, moment) => `${isoDate(shown, moment)}T${time(shown, moment)}${isoZone(moment.zoneMinutes)}`,
  ],
  ["std11", (_, { at, zoneMinutes }) => formatDate(at, zoneMinutes)],
  ["zone", zone],
  ["weekday", (shown) => String(shown.getUTCDay())],
]);

/** The part as text; empty for one that there is not, which only a variable can name. */
export function datePart(name: string, moment: ZonedDate): string {
  const shown = new Date(moment.at + moment.zoneMinutes * 60_000);
  return DATE_PARTS.get(name.toLowerCase())?.(shown, moment) ?? "";
}

/** Greenwich is `Z` and nothing else. */
function isoZone(minutes: number): string {
  return minutes === 0 ? "Z" : zoneText(minutes, ":");
}

function zoneText(minutes: number, between: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${between}${two(size % 60)}`;
}
