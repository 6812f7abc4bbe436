import type { MessageDigest } from "../../wire/mime/mod.ts";

/**
 * By what a message is recognized as one that is there already: what its header says of it, and its size. Two that differ may have
 * the same number, at odds of one to 2^53; an importer counts them, so that it would still bring as many as there are.
 */
export function identityOf({ envelope }: Pick<MessageDigest, "envelope">, size: number): number {
  return hash53(JSON.stringify([envelope, size]));
}

/** A hash of 53 bits by two that run beside each other (multiply and rotate, after MurmurHash). */
function hash53(text: string): number {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(rotate(a ^ code, 13), 0xcc9e2d51);
    b = Math.imul(rotate(b ^ code, 17), 0x1b873593);
  }
  a = settle(a ^ b);
  b = settle(b ^ text.length);
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function settle(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const again = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return again ^ (again >>> 16);
}
