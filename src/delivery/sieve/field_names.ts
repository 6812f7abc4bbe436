import type { Arguments } from "./arguments.ts";
import type { Machine } from "./machine.ts";
import { isConstant } from "./text.ts";

/** Takes the names of header fields, as a set in lower case. A wrong name is an error (RFC 5228 section 2.4.2.2). */
export function takeNames(args: Arguments, what: string): (machine: Machine) => ReadonlySet<string> {
  const texts = args.expectStrings(what);
  for (const { text, at } of texts) {
    if (isConstant(text) && !isFieldName(text)) args.fail("This is no name of a header field", at);
  }
  // RFC 5229 section 3: a name made of variables that is no name is simply not there.
  return (machine) => new Set(machine.texts(texts).map((name) => name.toLowerCase()));
}

/** RFC 5322 section 2.2. */
export function isFieldName(text: string): boolean {
  return text.length > 0 && text.length <= 200 && /^[\x21-\x39\x3b-\x7e]+$/.test(text);
}
