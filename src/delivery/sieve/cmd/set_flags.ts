import type { Arguments, PlacedText } from "../arguments.ts";
import { readFlags } from "../flags.ts";
import type { Machine } from "../machine.ts";
import type { CommandRow } from "../rows.ts";
import type { Scope } from "../scope.ts";
import { isConstant, isIdentifier } from "../text.ts";

type Combine = (present: readonly string[], given: readonly string[]) => readonly string[];

/** RFC 5232 sections 3.1 to 3.3. */
function flagCommand(name: string, combine: Combine): CommandRow {
  return {
    name,
    requires: "imap4flags",
    compile({ args, scope }) {
      const variable = takeFlagVariable(args, scope);
      const given = args.expectStrings("flags");
      return (machine) => {
        const flags = readFlags(combine(flagsIn(machine, variable), readFlags(machine.texts(given))));
        if (variable === null) machine.flags = flags;
        else machine.variables.set(variable, flags.join(" "));
      };
    },
  };
}

export const setflag: CommandRow = flagCommand("setflag", (_, given) => given);

export const addflag: CommandRow = flagCommand("addflag", (present, given) => [...present, ...given]);

export const removeflag: CommandRow = flagCommand("removeflag", (present, given) => {
  const gone = new Set(given.map((flag) => flag.toLowerCase()));
  return present.filter((flag) => !gone.has(flag.toLowerCase()));
});

/** The variable to work on, where one is named; null for the internal one. */
function takeFlagVariable(args: Arguments, scope: Scope): string | null {
  if (args.left < 2) return null;
  return variableName(args.expectString("the name of a variable"), { args, scope });
}

export function variableName(
  { text, at }: PlacedText,
  { args, scope }: { readonly args: Arguments; readonly scope: Scope },
): string {
  if (!scope.requires("variables")) args.require("variables", "A variable for flags", at);
  const bare = isConstant(text) ? text.toLowerCase() : "";
  const name = bare.startsWith("global.") && scope.requires("include") ? bare.slice("global.".length) : bare;
  if (!isIdentifier(name)) args.fail("This is no name of a variable", at);
  return bare;
}

export function flagsIn(machine: Machine, variable: string | null): readonly string[] {
  return variable === null ? machine.flags : readFlags([machine.variables.get(variable)]);
}
