import type { ImapSession } from "./context.ts";

/**
 * Whether the client has switched UTF-8 on, by RFC 9755 section 3 or by RFC 9051 section 5.1: then mailbox names are UTF-8
 * both ways, and what we send between quotes may be.
 *
 * A message with UTF-8 in its header is shown as it is stored to every client, to one that did not ask for UTF-8 too,
 * where ENVELOPE then has literals. RFC 9755 section 7 leaves that to the server. A downgraded stand-in
 * (RFC 6858) would break signatures, lose addresses that have no ASCII form, and give a message two sizes.
 */
export function usesUtf8({ enabled }: Pick<ImapSession, "enabled">): boolean {
  return enabled.has("UTF8=ACCEPT") || enabled.has("IMAP4REV2");
}
