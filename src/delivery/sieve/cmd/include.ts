import type { CommandRow } from "../rows.ts";
import { isConstant, isIdentifier } from "../text.ts";

/** RFC 6609 section 3.2. */
export const include: CommandRow = {
  name: "include",
  requires: "include",
  compile({ args }) {
    const personal = args.flag("personal");
    const global = args.flag("global");
    if (personal && global) args.fail(":personal and :global cannot stand together");
    const location = global ? "global" : "personal";
    const once = args.flag("once");
    const optional = args.flag("optional");
    const name = args.expectString("the name of a script");
    if (!isConstant(name.text)) {
      return args.fail("The name of a script to include can have no variables", name.at);
    }
    const script = name.text;
    return async (machine) => {
      const key = `${location}:${script}`;
      if (once && machine.included.has(key)) return;
      const { includeDepth } = machine.budget.limits;
      if (machine.includeDepth >= includeDepth) {
        machine.budget.fail(`More than ${includeDepth} scripts include each other`);
      }
      machine.budget.spend(10);
      const found = await machine.input.scripts.find(location, script);
      if (found === null) {
        if (optional) return;
        return machine.budget.fail(`There is no ${location} script "${script}" to include`);
      }
      machine.included.add(key);
      machine.includeDepth++;
      const signal = await machine.variables.apart(() => machine.run(found.steps));
      machine.includeDepth--;
      // `return` ends the included script only (section 3.3).
      return signal === "stop" ? "stop" : "next";
    };
  },
};

/** RFC 6609 section 3.3. */
export const returning: CommandRow = {
  name: "return",
  requires: "include",
  compile: () => () => "return",
};

/** RFC 6609 section 3.4.1. */
export const global: CommandRow = {
  name: "global",
  requires: "include",
  compile({ args }) {
    args.require("variables", "global");
    const names = args.expectStrings("names of variables").map(({ text, at }) => {
      if (!isConstant(text) || !isIdentifier(text)) return args.fail("This is no name of a variable", at);
      return text.toLowerCase();
    });
    return (machine) => {
      for (const name of names) {
        if (machine.variables.isLocal(name)) {
          machine.budget.fail(`"${name}" is a variable of this script already`);
        }
        machine.variables.share(name);
      }
    };
  },
};
