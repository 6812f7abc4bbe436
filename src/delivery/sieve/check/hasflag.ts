import { flagsIn, variableName } from "../cmd/set_flags.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";

/** RFC 5232 section 4. */
export const hasflag: TestRow = {
  name: "hasflag",
  requires: "imap4flags",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const variables = args.left < 2
      ? null
      : args.expectStrings("names of variables").map((name) => variableName(name, { args, scope }));
    const keys = args.expectStrings("flags");
    matcher.checkKeys(keys);
    return (machine) => {
      const flags = (variables ?? [null]).flatMap((variable) => flagsIn(machine, variable));
      // A key may name several flags; each is looked for (section 2).
      const wanted = matcher.counts
        ? keys
        : readFlagKeys(machine.texts(keys)).map((text) => ({ ...keys[0]!, text }));
      return matcher.test(machine, flags, wanted);
    };
  },
};

/** With wildcards a key need not be a flag. */
function readFlagKeys(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(" ")).filter((text) => text !== "");
}
