import { takeMimeOptions } from "../mime_options.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";
import { takeFieldIndex } from "../field_index.ts";
import { takeNames } from "../field_names.ts";

/** RFC 5228 section 5.7: decoded values, without white space at their ends. */
export const header: TestRow = {
  name: "header",
  requires: null,
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const pick = takeFieldIndex(args);
    const mime = takeMimeOptions(args, { picks: true });
    const { names } = takeNames(args, "the names of header fields");
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return async (machine) => {
      const wanted = names(machine);
      const values: string[] = [];
      for (const header of await mime.headers(machine)) {
        machine.budget.lookUp(header.length + wanted.length);
        for (const field of pick(header, wanted)) {
          values.push(...mime.aspects?.(machine, field) ?? [machine.message.textOf(field)]);
        }
      }
      return await matcher.test(machine, values, keys);
    };
  },
};
