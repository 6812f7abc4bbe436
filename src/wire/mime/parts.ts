/** Ways through a structure: by IMAP's part numbers, and to everything that is text. */
import type { Part } from "./digest.ts";

/**
 * The part that IMAP numbers like this (RFC 3501 section 6.4.5); null when there is none. Numbers count from 1; the
 * empty path is the message itself. A message that is no multipart has one part, 1, which is `structure` itself (or,
 * in a message/rfc822, `part.message.part`); the parts of a multipart that is a message's body have no number between.
 */
export function findPart(structure: Part, path: readonly number[]): Part | null {
  let part = structure;
  // A message's own body has been chosen, but no number stands for it yet.
  let unnumbered = true;
  for (const number of path) {
    if (!unnumbered && part.message !== null) {
      part = part.message.part;
      unnumbered = true;
    }
    if (part.type === "multipart") {
      const child = part.children[number - 1];
      if (child === undefined) return null;
      part = child;
    } else if (!unnumbered || number !== 1) {
      return null;
    }
    unnumbered = false;
  }
  return part;
}

/** All text parts, in order, those of enclosed messages included. */
export function textParts(structure: Part): Part[] {
  const found: Part[] = [];
  const waiting: Part[] = [structure];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part.type === "text") found.push(part);
    if (part.message !== null) waiting.push(part.message.part);
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return found;
}
