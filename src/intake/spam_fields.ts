import { matchesPattern } from "./local_pattern.ts";

/** What a spam scanner before us writes into the header of what it takes for spam, as `X-Spam-Flag: YES`. */
export interface SpamField {
  /** In lower case. */
  readonly name: string;
  /** In lower case and without white space; `*` stands for any characters. */
  readonly value: string;
}

/** A field as it is configured; null when it is none. */
export function parseSpamField(text: string): SpamField | null {
  const [, name, value] = /^([!-9;-~]{1,60}):([^\r\n]{1,200})$/.exec(text) ?? [];
  const plain = value?.replace(/\s/g, "").toLowerCase() ?? "";
  return name === undefined || plain === "" ? null : { name: name.toLowerCase(), value: plain };
}

/** `value` without white space. */
export function isSpamField(fields: readonly SpamField[], name: string, value: string): boolean {
  const found = value.toLowerCase();
  return fields.some((field) => field.name === name && matchesPattern(field.value, found));
}
