import type { TestRow } from "../rows.ts";

/** RFC 6134 section 2.5: all of these are lists of the account. */
export const validExtList: TestRow = {
  name: "valid_ext_list",
  requires: "extlists",
  compile({ args }) {
    const lists = args.expectStrings("names of lists");
    return (machine) => machine.texts(lists).every((list) => machine.input.lists.isKnown(list));
  },
};
