import type { Arguments } from "../arguments.ts";
import type { CommandRow } from "../rows.ts";
import { encodeUtf8 } from "../../../core/bytes.ts";
import { toLowerAscii, toUpperAscii } from "../match/ascii_case.ts";
import { variableName } from "./set_flags.ts";

interface Modifier {
  readonly tag: string;
  readonly requires?: string;
  /** Those with a higher one are applied first (RFC 5229 section 4.1). */
  readonly precedence: number;
  readonly apply: (text: string) => string;
}

/** Letters outside of ASCII stay as they are (RFC 5229 section 4.1.3). */
const MODIFIERS: readonly Modifier[] = [
  { tag: "lower", precedence: 40, apply: toLowerAscii },
  { tag: "upper", precedence: 40, apply: toUpperAscii },
  { tag: "lowerfirst", precedence: 30, apply: (text) => toLowerAscii(text.slice(0, 1)) + text.slice(1) },
  { tag: "upperfirst", precedence: 30, apply: (text) => toUpperAscii(text.slice(0, 1)) + text.slice(1) },
  { tag: "quotewildcard", precedence: 20, apply: (text) => text.replace(/[*?\\]/g, "\\$&") },
  {
    tag: "quoteregex",
    requires: "regex",
    precedence: 20,
    apply: (text) => text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&"),
  },
  // RFC 5435 section 6.
  { tag: "encodeurl", requires: "enotify", precedence: 15, apply: encodeUrl },
  { tag: "length", precedence: 10, apply: (text) => String([...text].length) },
];

/** RFC 5229 section 4. */
export const set: CommandRow = {
  name: "set",
  requires: "variables",
  compile({ args, scope }) {
    const modifiers = takeModifiers(args);
    const name = variableName(args.expectString("the name of a variable"), { args, scope });
    const value = args.expectString("a value");
    return (machine) => {
      let text = machine.text(value.text);
      for (const { apply } of modifiers) text = apply(text);
      machine.budget.look(text.length);
      machine.variables.set(name, text);
    };
  },
};

export function takeModifiers(args: Arguments): readonly Modifier[] {
  const found = MODIFIERS.filter(({ tag, requires }) =>
    args.flag(tag, requires === undefined ? {} : { requires })
  );
  found.forEach(({ precedence, tag }, place) => {
    if (found[place - 1]?.precedence === precedence) {
      args.fail(`:${found[place - 1]!.tag} and :${tag} cannot stand together`);
    }
  });
  return found;
}

/** RFC 3986 section 2.3: all but the unreserved characters, as the octets of UTF-8. */
function encodeUrl(text: string): string {
  let encoded = "";
  for (const byte of encodeUtf8(text)) {
    const char = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9\-._~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
