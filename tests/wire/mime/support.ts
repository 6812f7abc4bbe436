import type { Part } from "../../../src/wire/mime/mod.ts";

/** Text as bytes, one per character. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Text whose line ends are written as LF, as a message with CR LF. */
export function message(text: string): Uint8Array {
  return bytes(text.replaceAll("\n", "\r\n"));
}

/** All parts of a structure with the body in which each must lie. */
export function* allParts(structure: Part): Generator<{ part: Part; within: Part | null }> {
  const waiting: { part: Part; within: Part | null }[] = [{ part: structure, within: null }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    const { part } = next;
    if (part.message !== null) waiting.push({ part: part.message.part, within: part });
    for (const child of part.children) waiting.push({ part: child, within: part });
  }
}
