import type { CommandRow } from "../rows.ts";
import { isConstant, isIdentifier } from "../text.ts";

/** RFC 6609 section 3.2; no script includes itself, not by way of others either (section 3.1). */
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
      machine.budget.spend(10);
      const compiled = await machine.input.scripts.find(location, script);
      if (compiled === null) {
        if (optional) return;
        return machine.budget.fail(`There is no ${location} script "${script}" to include`);
      }
      const isRunning = machine.running.some((one) => one.name === key || one.compiled === compiled);
      if (isRunning && once) return;
      if (isRunning) return machine.budget.fail(`The ${location} script "${script}" would include itself`);
      const { includeDepth } = machine.budget.limits;
      if (machine.running.length > includeDepth) {
        machine.budget.fail(`More than ${includeDepth} scripts include each other`);
      }
      machine.included.add(key);
      const signal = await machine.runScript({ compiled, name: key });
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
