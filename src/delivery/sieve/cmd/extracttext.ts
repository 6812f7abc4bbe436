import { decodedPart } from "../body_text.ts";
import type { CommandRow } from "../rows.ts";
import { takeModifiers } from "./set.ts";
import { variableName } from "./set_flags.ts";

/** RFC 5703 section 7: the text of the part that a loop is at, into a variable. */
export const extracttext: CommandRow = {
  name: "extracttext",
  requires: "extracttext",
  compile({ args, scope }) {
    args.require("variables", "extracttext");
    if (scope.loops.length === 0) args.fail("extracttext must stand in foreverypart");
    const first = args.tagNumber("first");
    const modifiers = takeModifiers(args);
    const name = variableName(args.expectString("the name of a variable"), { args, scope });
    return async (machine) => {
      const { part } = machine;
      const isText = part !== null && part.type === "text";
      let text = isText ? await decodedPart(machine, part) : "";
      if (first !== null) text = [...text.slice(0, 2 * first.value)].slice(0, first.value).join("");
      for (const { apply } of modifiers) text = apply(text);
      machine.variables.set(name, text);
    };
  },
};
