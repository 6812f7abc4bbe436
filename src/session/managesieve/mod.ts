/**
 * The ManageSieve server's side of one connection (RFC 5804): an account's owner keeps scripts here and says which of them
 * acts on the mail.
 *
 * Invariants:
 * - No password is read before TLS, unless `plaintextAuth` allows it for a client on this machine.
 * - No script is kept that has not been checked whole; one that is refused changes nothing.
 * - Literals come unasked, so whatever is refused is read to its end, up to a limit, and never taken for commands.
 * - Handlers (`cmd/`) return answers; only the loop (`session.ts`) sends them, counts errors and closes. AUTHENTICATE alone
 *   talks in between.
 * - What a script means is the `SieveLanguage`'s business, which comes in from outside.
 */
export type { ManageSieveDeps, ScriptVerdict, SieveLanguage } from "./deps.ts";
export { defaultManageSieveLimits, type ManageSieveLimits } from "./limits.ts";
export { serveManageSieve } from "./session.ts";
