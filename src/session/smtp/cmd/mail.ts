import { Refusal } from "../../../core/errors.ts";
import { reply } from "../../../core/reply.ts";
import { type Hold, parseMailArguments } from "../../../wire/smtp/mod.ts";
import type { SmtpState } from "../state.ts";
import { hangUp, type Step } from "../step.ts";

/** RFC 5321 section 4.1.1.2: begins a transaction. */
export function mail(state: SmtpState, argument: string): Step {
  const { size, hold, ...sending } = parseMailArguments(argument, {
    auth: state.isSubmission,
    hold: state.holdsMail,
    dsn: state.offersDsn,
  });
  if (state.counts.transactions >= state.limits.transactions) {
    return hangUp(reply(421, "4.7.0", "Too many messages in one session"), "too-many-transactions");
  }
  // RFC 1870 section 6.1.
  if (size !== null && size > state.limits.messageSize) {
    throw Refusal.of(552, "5.3.4", "The message is larger than the limit", `SIZE=${size}`);
  }
  // RFC 8689 section 2: the extension is there under TLS only.
  if (sending.requireTls && !state.secure) {
    throw Refusal.of(530, "5.7.4", "REQUIRETLS needs a connection under TLS; say STARTTLS first");
  }
  const holdUntil = releaseTime(state, hold);
  state.takeFromAllowance("messages");
  state.deps.door.checkSender(sending.sender, state.visitor());
  state.begin({ ...sending, size, holdUntil });
  return reply(250, "2.1.0", "Sender ok");
}

/** RFC 4865 section 4; a time that has passed means at once. */
function releaseTime(state: SmtpState, hold: Hold | null): number | null {
  if (hold === null) return null;
  const now = state.deps.clock.now();
  const at = hold.kind === "for" ? now + hold.ms : hold.at;
  if (at > now + state.limits.holdMaxMs) {
    throw Refusal.of(501, "5.5.4", "The message would be held for longer than this server does");
  }
  return at > now ? at : null;
}
