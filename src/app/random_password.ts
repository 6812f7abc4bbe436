import type { Random } from "../core/ports.ts";

/** 32 characters that cannot be taken for one another, so that a byte gives one without bias. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS = 4;
const GROUP_LENGTH = 4;

/** A password that can be read out and typed: four groups of four, 80 bits. */
export function randomPassword(random: Random): string {
  const characters = [...random.bytes(GROUPS * GROUP_LENGTH)].map((byte) => ALPHABET[byte & 31]!);
  return Array.from(
    { length: GROUPS },
    (_, group) => characters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(""),
  ).join("-");
}
