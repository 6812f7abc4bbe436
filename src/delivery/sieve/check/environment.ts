import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";

/** RFC 5183 section 4: an item that we do not know matches nothing. */
export const environment: TestRow = {
  name: "environment",
  requires: "environment",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const name = args.expectString("the name of an item");
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return (machine) => {
      const value = machine.input.environment.get(machine.text(name.text).toLowerCase());
      return value !== undefined && matcher.test(machine, [value], keys);
    };
  },
};
