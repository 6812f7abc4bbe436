import type { ImapSession } from "./context.ts";

/**
 * Whether UNAUTHENTICATE is announced. Not under COMPRESS, which it would have to end in both directions (RFC 8437 section 4.1): nothing
 * tells the two sides alike where the packed bytes of the client end and its plain ones begin.
 */
export function offersUnauthenticate({ compression, limits, logOuts }: ImapSession): boolean {
  return compression === null && logOuts < limits.unauthentications;
}
