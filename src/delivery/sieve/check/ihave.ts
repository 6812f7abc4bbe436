import type { TestRow } from "../rows.ts";
import { isConstant } from "../text.ts";

/** RFC 5463 section 4: what is there may be used from here on, without having been required. */
export const ihave: TestRow = {
  name: "ihave",
  requires: "ihave",
  compile({ args, scope }) {
    const names = args.expectStrings("the names of extensions");
    const known = names.every(({ text }) => isConstant(text) && scope.knows(text));
    if (known) { for (const { text, at } of names) scope.enable(text as string, at); }
    return () => known;
  },
};
