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
    const names = takeNames(args, "the names of header fields");
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return async (machine) => {
      const values = pick(await machine.message.values(names(machine)));
      return await matcher.test(machine, values.map((value) => value.trim()), keys);
    };
  },
};
