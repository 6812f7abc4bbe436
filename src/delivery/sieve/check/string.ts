import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";

/** RFC 5229 section 5; `:count` counts what is not empty. */
export const string: TestRow = {
  name: "string",
  requires: "variables",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const sources = args.expectStrings("texts");
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return (machine) => {
      const values = machine.texts(sources);
      return matcher.test(machine, matcher.counts ? values.filter((value) => value !== "") : values, keys);
    };
  },
};
