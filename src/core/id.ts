import type { Clock, Random } from "./ports.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Makes ids: ten characters of time and ten of chance, so that they sort by time and are safe in a log or a header. */
export function makeId(clock: Clock, random: Random): string {
  let time = clock.now();
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = ALPHABET[time % 32] + text;
    time = Math.floor(time / 32);
  }
  for (const byte of random.bytes(10)) text += ALPHABET[byte & 31];
  return text;
}
