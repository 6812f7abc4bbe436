import { NO_DSN } from "../../../core/envelope.ts";
import { Refusal } from "../../../core/errors.ts";
import { reply } from "../../../core/reply.ts";
import { needsSmtpUtf8, parseRcptArguments } from "../../../wire/smtp/mod.ts";
import type { SmtpState, Transaction } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 5321 section 4.1.1.3: adds a recipient, if the door has no objection. */
export async function rcpt(state: SmtpState, argument: string): Promise<Step> {
  const transaction = state.transaction!;
  try {
    await addRecipient(state, transaction, argument);
  } catch (error) {
    transaction.refused++;
    throw error;
  }
  return reply(250, "2.1.5", "Recipient ok");
}

async function addRecipient(state: SmtpState, transaction: Transaction, argument: string): Promise<void> {
  const { recipient, utf8, routed, dsn } = parseRcptArguments(argument, {
    postmasterDomain: state.deps.hostname.toLowerCase(),
    dsn: state.offersDsn,
  });
  if (utf8 && !transaction.smtputf8) throw needsSmtpUtf8();
  state.takeFromAllowance("recipients");
  const { recipients, sender } = transaction;
  const known = recipients.findIndex(({ local, domain }) =>
    local === recipient.local && domain === recipient.domain
  );
  if (known >= 0) {
    transaction.accepted.push(known);
    return;
  }
  // RFC 5321 section 4.5.3.1.10: the client sends the rest with another message.
  if (recipients.length >= state.limits.recipients) throw Refusal.of(452, "4.5.3", "Too many recipients");
  await state.deps.door.checkRecipient(recipient, sender, { ...state.visitor(), routed });
  transaction.accepted.push(recipients.length);
  recipients.push(recipient);
  transaction.dsn.push(dsn.notify === null && dsn.originalRecipient === null ? NO_DSN : dsn);
}
