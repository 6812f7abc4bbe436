import { formatAddress, needsSmtpUtf8 } from "../core/address.ts";
import { type Envelope, NO_DSN, type RecipientDsn } from "../core/envelope.ts";
import type { SenderWishes } from "../store/mod.ts";
import type { Plan } from "./recipients.ts";

/** What goes into the queue with a message besides its addresses (RFC 3461, 8689, 3030); null when nothing was asked. */
export function wishesOf(envelope: Envelope, plan: Plan): SenderWishes | null {
  const { dsn, requireTls = false, binary = false, holdUntil } = envelope;
  if (dsn === undefined && !requireTls && !binary && holdUntil === undefined) return null;
  return {
    returns: dsn?.returns ?? null,
    envelopeId: dsn?.envelopeId ?? null,
    requireTls,
    binary,
    ...(holdUntil === undefined ? {} : { releaseAt: holdUntil }),
    ...(dsn === undefined
      ? {}
      : { recipients: plan.remote.map((_, index) => wishFor(envelope, plan, index)) }),
  };
}

function wishFor(envelope: Envelope, plan: Plan, index: number): RecipientDsn {
  const from = plan.remoteFrom[index]!;
  const wish = envelope.dsn?.recipients[from] ?? NO_DSN;
  const recipient = envelope.recipients[from]!;
  const address = plan.remote[index]!;
  const isAlias = formatAddress(recipient) !== formatAddress(address);
  if (!isAlias || wish.originalRecipient !== null) return wish;
  // RFC 3461 section 5.2.7.1: so that a report names the address that the sender wrote to.
  const type = needsSmtpUtf8(recipient) ? "utf-8" : "rfc822";
  return { ...wish, originalRecipient: `${type};${formatAddress(recipient)}` };
}
