/**
 * SCRAM-SHA-256 verifiers (RFC 5802 section 3, RFC 7677): what is stored instead of a password so that a client can prove
 * that it knows it without sending it. Written as `$scram-sha-256$i=50000$salt$StoredKey$ServerKey`, base64 with padding.
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import type { Random } from "../core/ports.ts";
import { saslPrep } from "../wire/sasl/mod.ts";

export interface ScramVerifier {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/**
 * RFC 7677 section 4 asks for at least 4096. The client does this work at every log-in, and Cyrus SASL refuses more than
 * 65536; within that, as many as will go, since who steals the database guesses against this number.
 */
export const SCRAM_ITERATIONS = 50_000;
export const SCRAM_SALT_BYTES = 16;
const KEY_BYTES = 32;

const FORMAT =
  /^\$scram-sha-256\$i=(\d{4,7})\$([A-Za-z0-9+/]{16,88}={0,2})\$([A-Za-z0-9+/]{43}=)\$([A-Za-z0-9+/]{43}=)$/;

/** Makes a verifier with a fresh salt; null for a password that SCRAM cannot carry (RFC 4013). */
export async function makeScramVerifier(
  password: string,
  random: Random,
  iterations = SCRAM_ITERATIONS,
): Promise<ScramVerifier | null> {
  const prepared = saslPrep(password);
  if (prepared === null) return null;
  const salt = random.bytes(SCRAM_SALT_BYTES);
  const salted = await derive(prepared, salt, iterations);
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  return { salt, iterations, storedKey, serverKey: hmac(salted, "Server Key") };
}

export function formatScramVerifier({ salt, iterations, storedKey, serverKey }: ScramVerifier): string {
  const [s, stored, server] = [salt, storedKey, serverKey].map((bytes) =>
    Buffer.from(bytes).toString("base64")
  );
  return `$scram-sha-256$i=${iterations}$${s}$${stored}$${server}`;
}

/** Reads a verifier; null when it is malformed or too weak. */
export function parseScramVerifier(text: string): ScramVerifier | null {
  const parts = text.length > 300 ? null : FORMAT.exec(text);
  const iterations = Number(parts?.[1]);
  if (parts === null || iterations < 4096) return null;
  const [salt, storedKey, serverKey] = parts.slice(2).map((part) => Buffer.from(part, "base64"));
  return { iterations, salt: salt!, storedKey: storedKey!, serverKey: serverKey! };
}

/** Whether the proof was made with the password (RFC 5802 section 3), in a time that does not depend on it. */
export function isScramProof(
  verifier: ScramVerifier,
  claim: { readonly authMessage: string; readonly proof: Uint8Array },
): boolean {
  if (claim.proof.length !== KEY_BYTES) return false;
  const signature = hmac(verifier.storedKey, claim.authMessage);
  const clientKey = signature.map((byte, index) => byte ^ claim.proof[index]!);
  const stored = createHash("sha256").update(clientKey).digest();
  return timingSafeEqual(stored, verifier.storedKey);
}

/** What proves to the client that we have its verifier. */
export function scramServerSignature({ serverKey }: ScramVerifier, authMessage: string): Uint8Array {
  return hmac(serverKey, authMessage);
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

/** On the runtime's thread pool. */
function derive(password: string, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, KEY_BYTES, "sha256", (error, key) => {
      if (error !== null) reject(error);
      else resolve(key);
    });
  });
}
