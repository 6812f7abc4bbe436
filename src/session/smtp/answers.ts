import { formatAddress } from "../../core/address.ts";
import { ProtocolError, Refusal } from "../../core/errors.ts";
import { type Reply, reply } from "../../core/reply.ts";
import { BareLineFeedError } from "../../wire/smtp/mod.ts";
import type { SmtpState } from "./state.ts";

/** The command that failed. */
export interface Failed {
  readonly verb: string;
  readonly argument: string;
}

/**
 * The one place where an error becomes a reply: the client's syntax, the situation, our fault (core/errors.ts). What the
 * client is not told goes to the log.
 */
export function answerTo(error: unknown, state: SmtpState, failed: Failed): Reply {
  if (error instanceof ProtocolError) return reply(501, "5.5.4", error.message);
  if (error instanceof Refusal) return answerRefusal(error, state, failed);
  state.log.error("session-error", {
    ...traceFields(state, failed),
    error: error instanceof Error ? error.stack ?? error.message : String(error),
  });
  return reply(451, "4.3.0", "Something went wrong here, try again later");
}

function answerRefusal(refusal: Refusal, state: SmtpState, failed: Failed): Reply {
  const { service } = state;
  state.counts.refusals++;
  state.deps.metrics.count("mailden_rejected_total", { service, code: String(refusal.reply.code) });
  state.log.info("message-refused", {
    ...traceFields(state, failed),
    reply: refusal.reply.toString(),
    reason: refusal.reason,
  });
  return refusal.reply;
}

/** Never the argument of AUTH: it may hold a password. */
function traceFields(state: SmtpState, { verb, argument }: Failed): Record<string, string | null> {
  const isAddress = verb === "MAIL" || verb === "RCPT";
  return {
    message: state.transaction?.id ?? null,
    command: isAddress ? `${verb} ${argument}` : verb,
    from: state.transaction === null ? null : formatAddress(state.transaction.sender),
    client: state.clientAddress,
    helo: state.hello?.name ?? null,
    account: state.account,
  };
}

/** The reply to a line that is no command at all (RFC 5321 section 4.2.4); a bare LF is thrown on, and ends the session. */
export function malformed(error: unknown): Reply {
  if (error instanceof BareLineFeedError || !(error instanceof ProtocolError)) throw error;
  return reply(500, "5.5.2", error.message);
}

/** Replies that tell the client that its command was wrong, as against refused. */
export function isMistake(answer: Reply): boolean {
  return (answer.code >= 500 && answer.code <= 504) || answer.code === 555;
}
