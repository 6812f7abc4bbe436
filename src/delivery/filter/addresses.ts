import type { Address } from "../../core/address.ts";
import { ProtocolError } from "../../core/errors.ts";
import { parseMailbox } from "../../wire/smtp/mod.ts";

/** The address in `Alice <alice@example.com>` or `alice@example.com`; null when it is none. */
export function addressIn(text: string): Address | null {
  const open = text.lastIndexOf("<");
  const bare = open >= 0 && text.trimEnd().endsWith(">") ? text.trimEnd().slice(open + 1, -1) : text.trim();
  try {
    return parseMailbox(bare);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
