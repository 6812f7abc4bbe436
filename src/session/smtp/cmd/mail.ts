import { Refusal } from "../../../core/errors.ts";
import { reply } from "../../../core/reply.ts";
import { parseMailArguments } from "../../../wire/smtp/mod.ts";
import type { SmtpState } from "../state.ts";
import { hangUp, type Step } from "../step.ts";

/** RFC 5321 section 4.1.1.2: begins a transaction. */
export function mail(state: SmtpState, argument: string): Step {
  const { sender, size, eightBit, smtputf8 } = parseMailArguments(argument, { auth: state.isSubmission });
  if (state.counts.transactions >= state.limits.transactions) {
    return hangUp(reply(421, "4.7.0", "Too many messages in one session"), "too-many-transactions");
  }
  // RFC 1870 section 6.1.
  if (size !== null && size > state.limits.messageSize) {
    throw Refusal.of(552, "5.3.4", "The message is larger than the limit", `SIZE=${size}`);
  }
  state.deps.door.checkSender(sender, state.visitor());
  state.begin({ sender, smtputf8, eightBit });
  return reply(250, "2.1.0", "Sender ok");
}
