import type { Arguments, PlacedText } from "./arguments.ts";
import type { Machine } from "./machine.ts";

export interface FieldNames {
  /** In lower case, each once. One that cannot be a name is simply not there (RFC 5228 section 2.4.2.2). */
  names(machine: Machine): readonly string[];
  /** As they stand in the script. */
  readonly texts: readonly PlacedText[];
}

/** Takes the names of header fields. */
export function takeNames(args: Arguments, what: string): FieldNames {
  const texts = args.expectStrings(what);
  return {
    texts,
    names: (machine) => [...new Set(machine.texts(texts).map((name) => name.toLowerCase()))],
  };
}

/** RFC 5322 section 2.2. */
export function isFieldName(text: string): boolean {
  return text.length > 0 && text.length <= 200 && /^[\x21-\x39\x3b-\x7e]+$/.test(text);
}
