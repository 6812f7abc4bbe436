import { takeMatcher } from "../match/matcher.ts";
import type { Machine } from "../machine.ts";
import type { TestRow } from "../rows.ts";

/** RFC 5235: a score as text, "0" when nobody has looked; `:count` is 1 when somebody has. */
function scoreTest(
  name: string,
  options: {
    readonly extensions: readonly string[];
    score(machine: Machine, percent: boolean): number | null;
  },
): TestRow {
  return {
    name,
    requires: null,
    compile({ args, scope }) {
      const percent = name === "spamtest" && args.flag("percent", { requires: "spamtestplus" });
      if (!options.extensions.some((extension) => scope.requires(extension))) {
        args.require(options.extensions[0]!, name);
      }
      const matcher = takeMatcher(args, scope);
      const key = args.expectString("a score");
      matcher.checkKeys([key]);
      return (machine) => {
        const score = options.score(machine, percent);
        const values = score === null ? (matcher.counts ? [] : ["0"]) : [String(score)];
        return matcher.test(machine, values, [key]);
      };
    },
  };
}

export const spamtest: TestRow = scoreTest("spamtest", {
  extensions: ["spamtest", "spamtestplus"],
  score({ input: { spamPercent } }, percent) {
    if (spamPercent === null) return null;
    // Section 2.2: 1 is clear of spam, 10 is spam without a doubt.
    return percent
      ? Math.round(spamPercent)
      : 1 + Math.round(Math.min(100, Math.max(0, spamPercent)) * 9 / 100);
  },
});

export const virustest: TestRow = scoreTest("virustest", {
  extensions: ["virustest"],
  score: ({ input: { virusLevel } }) => virusLevel === 0 ? null : virusLevel,
});
