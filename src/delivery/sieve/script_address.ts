import type { Address } from "../../core/address.ts";
import { ProtocolError } from "../../core/errors.ts";
import { parseMailbox } from "../../wire/smtp/mod.ts";

/** An address as scripts give it: `a@example.org` or `Name <a@example.org>` (RFC 5228 section 2.4.2.3); null when it is none. */
export function tryAddress(text: string): Address | null {
  const whole = text.trim();
  const open = whole.lastIndexOf("<");
  try {
    return parseMailbox(open >= 0 && whole.endsWith(">") ? whole.slice(open + 1, -1) : whole);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
