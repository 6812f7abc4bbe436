/**
 * Password hashes: scrypt (RFC 7914), as `$scrypt$ln=15,r=8,p=1$salt$hash` with base64 without padding. The
 * parameters stand in the hash, so they can be raised later without touching the old ones. The work is done on the
 * runtime's thread pool, not on the main thread.
 */
import { Buffer } from "node:buffer";
import { scrypt, timingSafeEqual } from "node:crypto";
import type { Random } from "../core/ports.ts";
import { toNfc } from "../core/unicode.ts";

interface ScryptParameters {
  /** The logarithm of N to base 2. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

const CURRENT: ScryptParameters = { ln: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What one verification may need at most: a hash from elsewhere must not take the machine down. */
const MAX_MEMORY = 128 * 1024 * 1024;
const MAX_PARALLEL = 8;

const FORMAT =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Hashes a password with a fresh salt. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(SALT_BYTES);
  const hash = await derive(password, salt, HASH_BYTES, CURRENT);
  const { ln, r, p } = CURRENT;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`;
}

/** Whether the password fits the hash. A hash that is malformed, or asks for too much work, fits nothing. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parts = hash.length > 300 ? null : FORMAT.exec(hash);
  if (parts === null) return false;
  const parameters = { ln: Number(parts[1]), r: Number(parts[2]), p: Number(parts[3]) };
  if (!isBearable(parameters)) return false;
  const expected = Buffer.from(parts[5]!, "base64");
  const actual = await derive(password, Buffer.from(parts[4]!, "base64"), expected.length, parameters);
  return timingSafeEqual(actual, expected);
}

function isBearable({ ln, r, p }: ScryptParameters): boolean {
  if (ln < 1 || ln > 20 || r < 1 || p < 1 || p > MAX_PARALLEL) return false;
  return memory({ ln, r, p }) <= MAX_MEMORY;
}

function memory({ ln, r, p }: ScryptParameters): number {
  return 128 * r * (2 ** ln + p + 2);
}

function derive(
  password: string,
  salt: Uint8Array,
  length: number,
  parameters: ScryptParameters,
): Promise<Uint8Array> {
  const { ln, r, p } = parameters;
  // The same password typed on two systems may come composed or decomposed (RFC 8265 section 4.2.2).
  const text = toNfc(password);
  return new Promise((resolve, reject) => {
    scrypt(text, salt, length, { N: 2 ** ln, r, p, maxmem: memory(parameters) }, (error, key) => {
      if (error !== null) reject(error);
      else resolve(key);
    });
  });
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
