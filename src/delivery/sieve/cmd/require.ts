import type { CommandRow } from "../rows.ts";
import { isConstant } from "../text.ts";

/** RFC 5228 section 3.2: before everything else, and it takes effect while the script is compiled. */
export const require: CommandRow = {
  name: "require",
  requires: null,
  compile({ args, scope }) {
    if (!scope.isAtStart) {
      args.fail("require must stand at the start of the script, before all other commands");
    }
    for (const { text, at } of args.expectStrings("the names of extensions")) {
      scope.enable(isConstant(text) ? text : "", at);
    }
    return () => {};
  },
};
