import { ProtocolError } from "../../core/errors.ts";

/** How long a message is to wait (RFC 4865 section 4): an interval, or a time. Both are milliseconds. */
export type Hold =
  | { readonly kind: "for"; readonly ms: number }
  | { readonly kind: "until"; readonly at: number };

/** HOLDFOR: seconds, at most nine digits. */
export function parseHoldFor(value: string | null): Hold {
  if (value === null || !/^[1-9][0-9]{0,8}$/.test(value)) {
    throw new ProtocolError("HOLDFOR needs a number of seconds");
  }
  return { kind: "for", ms: Number(value) * 1000 };
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/i;

/** HOLDUNTIL: a date-time of RFC 3339 section 5.6 (RFC 4865, erratum 2040). */
export function parseHoldUntil(value: string | null): Hold {
  const match = value === null || value.length > 40 ? null : DATE_TIME.exec(value);
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1, 7).map(Number);
  const [zoneHour, zoneMinute] = [Number(match?.[8] ?? 0), Number(match?.[9] ?? 0)];
  // A leap second is taken for the second before it.
  const at = Date.UTC(year ?? NaN, month! - 1, day, hour, minute, Math.min(second!, 59));
  const isDate = new Date(at).getUTCMonth() + 1 === month && hour! < 24 && minute! < 60 && second! <= 60;
  if (!isDate || zoneHour > 23 || zoneMinute > 59) {
    throw new ProtocolError("HOLDUNTIL needs a time such as 2030-01-31T08:00:00Z");
  }
  const zone = (zoneHour * 60 + zoneMinute) * 60_000 * (match?.[7] === "-" ? -1 : 1);
  return { kind: "until", at: at - zone };
}
