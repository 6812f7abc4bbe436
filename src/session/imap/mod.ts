/**
 * The IMAP server (RFC 3501, RFC 9051), one session per connection.
 *
 * `session.ts` is the loop: it reads a command, does it, and writes what it answers; `commands.ts` is the table, one
 * row per command with the states where it is legal, how its arguments are read and its handler, each in `cmd/`;
 * `context.ts` is the one object that the handlers share; `errors.ts` is the one place where errors become NO, BAD or BYE.
 * `selected.ts` follows the selected mailbox, `updates.ts` has the words in which that is told, `notifier.ts` tells of others.
 *
 * Invariants:
 * - The client's picture of its mailbox is `Tracker`, and it changes only by what the client is told, at the moments when RFC
 *   3501 sections 5.5 and 7.4.1 allow it. EXPUNGE is never told during FETCH, STORE and SEARCH by sequence number.
 * - A HIGHESTMODSEQ that a client may keep (RFC 7162) is never beyond something that it was not told.
 * - What is read is bounded: commands and their literals by `ImapLimits`, less before log-in; only the message of APPEND
 *   is larger, and it goes to the store as it comes. No byte of a refused literal is ever read as a command.
 * - What is written waits for the client: nothing collects more than about 64 KiB.
 * - A literal is as long as it was announced, or the connection ends.
 * - Whose mailbox a name means, and what may be done with it, is decided in `access.ts` alone. What somebody may not look up
 *   is, in every answer, as if it were not there.
 */
export { type ImapDeps, type SessionCount } from "./deps.ts";
export { defaultImapLimits, type ImapLimits } from "./limits.ts";
export { serveImap } from "./session.ts";
