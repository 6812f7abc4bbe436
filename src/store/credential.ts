/**
 * What is stored of a password: its scrypt hash, and behind a space the SCRAM verifier made from the same password. A
 * credential from before SCRAM is the hash alone; one whose password SCRAM cannot carry, too.
 */
import type { Random } from "../core/ports.ts";
import { hashPassword } from "./passwords.ts";
import { formatScramVerifier, makeScramVerifier, parseScramVerifier, type ScramVerifier } from "./scram.ts";

export interface Credential {
  /** For `verifyPassword`. */
  readonly hash: string;
  readonly scram: ScramVerifier | null;
}

/** Makes what `AccountStore.setCredential` stores. */
export async function makeCredential(password: string, random: Random): Promise<string> {
  const [hash, scram] = await Promise.all([
    hashPassword(password, random),
    makeScramVerifier(password, random),
  ]);
  return scram === null ? hash : `${hash} ${formatScramVerifier(scram)}`;
}

export function parseCredential(text: string): Credential {
  const space = text.indexOf(" ");
  if (space < 0) return { hash: text, scram: null };
  return { hash: text.slice(0, space), scram: parseScramVerifier(text.slice(space + 1)) };
}
