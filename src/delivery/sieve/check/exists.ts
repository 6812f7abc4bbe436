import type { TestRow } from "../rows.ts";
import { takeNames } from "../field_names.ts";
import { takeMimeOptions } from "../mime_options.ts";

/** RFC 5228 section 5.5: all of the fields are there. */
export const exists: TestRow = {
  name: "exists",
  requires: null,
  compile({ args }) {
    const mime = takeMimeOptions(args, { picks: false });
    const { names } = takeNames(args, "the names of header fields");
    return async (machine) => {
      const fields = (await mime.headers(machine)).flat();
      const wanted = names(machine);
      machine.budget.lookUp(fields.length + wanted.length);
      const there = new Set(fields.map(({ name }) => name));
      return wanted.every((name) => there.has(name));
    };
  },
};
