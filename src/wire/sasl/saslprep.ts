import saslprep from "@mongodb-js/saslprep";

/** Normalizing takes quadratic time on thousands of marks, and strangers send us names. */
const MAX_LENGTH = 1000;

/**
 * Prepares a name or a password for comparison (RFC 4013); null when it holds what is not allowed, is too long, or nothing is
 * left.
 * Code points that Unicode 3.2 did not know are let through, which RFC 3454 section 7 keeps for queries: a password may
 * well hold a newer letter or an emoji, and both sides leave it as it is.
 */
export function saslPrep(text: string): string | null {
  if (text.length > MAX_LENGTH) return null;
  try {
    const prepared = saslprep(text, { allowUnassigned: true });
    return prepared === "" ? null : prepared;
  } catch {
    return null;
  }
}
