import { parseZonedDate, type ZonedDate } from "../../../wire/mime/mod.ts";
import type { Arguments } from "../arguments.ts";
import { DATE_PARTS, datePart } from "../date_parts.ts";
import { takeFieldIndex } from "../field_index.ts";
import type { Machine } from "../machine.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";
import { isConstant } from "../text.ts";

/** RFC 5260 section 4: a part of the date in a header field. */
export const date: TestRow = {
  name: "date",
  requires: "date",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const pick = takeFieldIndex(args);
    const original = args.flag("originalzone");
    const zone = takeZone(args);
    if (original && zone !== null) args.fail(":zone and :originalzone cannot stand together");
    const name = args.expectString("the name of a header field");
    const part = takePart(args);
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return async (machine) => {
      const wanted = machine.text(name.text).toLowerCase();
      const field = pick(await machine.message.fields(), [wanted])[0];
      const moment = field === undefined ? null : readDate(field.raw);
      if (moment === null) return matcher.test(machine, [], keys);
      const zoneMinutes = original ? moment.zoneMinutes : zone?.(machine) ?? machine.input.zoneMinutes;
      return matcher.test(machine, [datePart(machine.text(part), { at: moment.at, zoneMinutes })], keys);
    };
  },
};

/** RFC 5260 section 5. */
export const currentdate: TestRow = {
  name: "currentdate",
  requires: "date",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const zone = takeZone(args);
    const part = takePart(args);
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return (machine) => {
      const zoneMinutes = zone?.(machine) ?? machine.input.zoneMinutes;
      return matcher.test(
        machine,
        [datePart(machine.text(part), { at: machine.input.now, zoneMinutes })],
        keys,
      );
    };
  },
};

function takeZone(args: Arguments): ((machine: Machine) => number) | null {
  const zone = args.tagString("zone");
  if (zone === null) return null;
  const { text, at } = zone;
  if (isConstant(text) && zoneOf(text) === null) args.fail(':zone is written like "+0100"', at);
  return (machine) => zoneOf(machine.text(text)) ?? 0;
}

function takePart(args: Arguments) {
  const { text, at } = args.expectString("a part of a date");
  if (isConstant(text) && !DATE_PARTS.has(text.toLowerCase())) {
    args.fail(`A date has ${[...DATE_PARTS.keys()].join(", ")}`, at);
  }
  return text;
}

/** Minutes east of Greenwich. */
function zoneOf(text: string): number | null {
  const found = /^([+-])([0-9]{2})([0-9]{2})$/.exec(text);
  if (found === null) return null;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === "-" ? -minutes : minutes;
}

/** The date of a field; of one with other things in it (Received) what stands behind the last semicolon (section 4). */
function readDate(value: string): ZonedDate | null {
  return parseZonedDate(value.slice(value.lastIndexOf(";") + 1).trim());
}
