/**
 * The SMTP server (RFC 5321): mail from other servers on 25, from our users on 587 and 465 (RFC 6409, RFC 8314); and LMTP
 * (RFC 2033) for mail systems that want an answer for each recipient.
 *
 * `session.ts` is the loop: it alone reads, writes, counts errors and closes. `commands.ts` is the table: one row per
 * command with the states in which it is legal; `cmd/` has one file per command, whose handler returns a `Step`. `state.ts`
 * is all a session knows, `incoming_message.ts` the data phase, `chunked_message.ts` a message that comes by BDAT, `answers.ts`
 * the place where errors become replies, `rates.ts` what clients send over all their sessions.
 *
 * What it promises:
 * - 250 after the data goes out only when the door says that the message is durable; nothing is said twice or not at all.
 * - Only CR LF ends a line and only CR LF . CR LF ends the data; a message with a bare CR or LF is refused as a whole, by
 *   BDAT too unless it was declared to be BINARYMIME. The octets that a BDAT announces are never read as commands.
 * - A password is asked for only on the submission services and under TLS (or, where allowed, on this machine), and never
 *   logged. Whatever came before TLS began is forgotten.
 * - Memory, time, errors, log-ins, commands and recipients of a session are bounded by `SmtpLimits`.
 *
 * @module
 */
import type { Conn } from "../../core/ports.ts";
import type { SmtpDeps, SmtpService } from "./deps.ts";
import { SmtpSession } from "./session.ts";

export type { SmtpDeps, SmtpService } from "./deps.ts";
export { defaultSmtpLimits, type SmtpLimits } from "./limits.ts";
export { ClientRates, defaultRateLimits, type RateLimits } from "./rates.ts";

/** Serves one connection until it ends, and closes it. Never throws. */
export async function serveSmtp(conn: Conn, service: SmtpService, deps: SmtpDeps): Promise<void> {
  await new SmtpSession(conn, service, deps).run();
}
