import type { Part } from "../../../wire/mime/mod.ts";
import type { CommandRow } from "../rows.ts";
import { isConstant } from "../text.ts";
import { partsWithin } from "../body_text.ts";

/** RFC 5703 section 3: the block runs for every part, in the order in which they stand; in another loop for those within its part. */
export const foreverypart: CommandRow = {
  name: "foreverypart",
  requires: "foreverypart",
  hasBlock: true,
  compile({ args, block }) {
    const name = args.tagString("name");
    if (name !== null && !isConstant(name.text)) return args.fail(":name can have no variables", name.at);
    const loop = name === null ? null : name.text as string;
    const steps = block({ loop });
    return async (machine) => {
      const around = machine.part;
      const parts: readonly Part[] = around === null
        ? partsWithin(await machine.structure(), true)
        : partsWithin(around, false);
      try {
        for (const part of parts) {
          machine.budget.spend(1);
          if (machine.message.isGone(part)) continue;
          machine.part = part;
          const signal = await machine.run(steps);
          if (signal === "next") continue;
          if (typeof signal === "string") return signal;
          // `break` with a name leaves the loops up to that one.
          return signal.break === null || signal.break === loop ? "next" : signal;
        }
        return "next";
      } finally {
        machine.part = around;
      }
    };
  },
};

/** RFC 5703 section 3.2. */
export const breaking: CommandRow = {
  name: "break",
  requires: "foreverypart",
  compile({ args, scope }) {
    const name = args.tagString("name");
    const loop = name === null
      ? null
      : isConstant(name.text)
      ? name.text
      : args.fail(":name can have no variables", name.at);
    const isThere = loop === null ? scope.loops.length > 0 : scope.loops.includes(loop);
    if (!isThere) {
      args.fail(loop === null ? "break stands in no loop" : `There is no loop "${loop}" around this break`);
    }
    return () => ({ break: loop });
  },
};
