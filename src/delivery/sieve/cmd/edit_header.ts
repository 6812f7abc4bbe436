import type { Arguments } from "../arguments.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { Machine } from "../machine.ts";
import type { Field } from "../message_view.ts";
import type { CommandRow } from "../rows.ts";
import { isFieldName } from "../field_names.ts";
import { isConstant, type Text } from "../text.ts";

/** What tells where a message has been stays (RFC 5293 section 6), and what it was before it was replaced (RFC 5703 section 5). */
const PROTECTED: ReadonlySet<string> = new Set([
  "received",
  // By it an account knows what it has sent on before, and so ends a circle.
  "delivered-to",
  "auto-submitted",
  "return-path",
  "original-subject",
  "original-from",
]);
const MAX_VALUE = 4_000;

/** RFC 5293 section 4. */
export const addheader: CommandRow = {
  name: "addheader",
  requires: "editheader",
  compile({ args }) {
    const last = args.flag("last");
    const name = takeName(args);
    const value = args.expectString("a value");
    return async (machine) => {
      const field = nameOf(machine, name);
      if (PROTECTED.has(field.toLowerCase())) return;
      await machine.message.addField(field, machine.text(value.text).slice(0, MAX_VALUE), { last });
    };
  },
};

/** RFC 5293 section 5. */
export const deleteheader: CommandRow = {
  name: "deleteheader",
  requires: "editheader",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const index = args.tagNumber("index");
    const last = args.flag("last");
    if (last && index === null) args.fail(":last needs :index");
    const name = takeName(args);
    const keys = args.left === 0 ? null : args.expectStrings("the values to delete");
    if (keys !== null) matcher.checkKeys(keys);
    return async (machine) => {
      const wanted = nameOf(machine, name).toLowerCase();
      // Section 5: such a field is simply left.
      if (PROTECTED.has(wanted)) return;
      const all = await machine.message.fields();
      const named = all.filter((field) => field.name === wanted);
      const place = index === null ? null : last ? named.length - index.value : index.value - 1;
      const gone = new Set<Field>();
      for (const [at, field] of named.entries()) {
        if (place !== null && at !== place) continue;
        if (keys === null || await matcher.test(machine, [machine.message.textOf(field)], keys)) {
          gone.add(field);
        }
      }
      if (gone.size > 0) machine.message.replaceFields(all.filter((field) => !gone.has(field)));
    };
  },
};

function takeName(args: Arguments): Text {
  const { text, at } = args.expectString("the name of a header field");
  if (isConstant(text) && !isFieldName(text)) args.fail("This is no name of a header field", at);
  return text;
}

function nameOf(machine: Machine, text: Text): string {
  const name = machine.text(text);
  if (!isFieldName(name)) machine.budget.fail("This is no name of a header field");
  return name;
}
